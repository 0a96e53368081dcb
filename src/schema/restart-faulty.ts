import type { DuckDBConnection } from '@duckdb/node-api';
import { run } from './engine.js';
import type { FilePreparation } from './prepare-files.js';
import type { StageRequest } from './stage-request.js';

/** Whether a scan of this connection met a fault in a CSV file since the last call; such files are read with care then. */
export async function restartFaulty(
  connection: DuckDBConnection,
  request: StageRequest,
  preparation: FilePreparation,
): Promise<boolean> {
  const known = await run(connection, `SELECT 1 FROM duckdb_tables() WHERE table_name = 'reject_errors'`);
  if (known.length === 0) return false;
  const faulty = await run(
    connection,
    'SELECT DISTINCT file_path FROM reject_scans JOIN reject_errors USING (scan_id, file_id)',
  );
  await run(connection, 'DROP TABLE reject_errors; DROP TABLE reject_scans');
  const paths = new Set(faulty.map((row) => String(row['file_path'])));
  for (const [index, file] of request.files.entries()) {
    if (paths.has(file.path)) await preparation.restart(index);
  }
  return paths.size > 0;
}
