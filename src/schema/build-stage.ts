import { rename, rm } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { collectRejects, type FileCount, refusedRecords } from './collect-rejects.js';
import { countMisfits } from './count-misfits.js';
import { run } from './engine.js';
import { identityRanges } from './identity-ranges.js';
import { FilePreparation } from './prepare-files.js';
import { recordLayout } from './record-layout.js';
import { checkRejects } from './reject-limit.js';
import { RejectsFile } from './rejects-file.js';
import { writeOrigins } from './row-origins.js';
import { stagePaths, type StageManifest } from './stage-manifest.js';
import type { SettledColumn } from './settled-column.js';
import { readStaged, type StagedShape, VECTOR_ROWS, writeStaged } from './stage-parquet.js';
import { numberRepeats } from './stage-sql.js';
import type { StagedFile } from './stage.js';
import type { StageRequest } from './stage-request.js';
import { stagedRows } from './staged-rows.js';
import { renumberRecords } from './renumber-records.js';
import { type Written, writeStage } from './write-stage.js';

/**
 * Goes over all files of a stream: typed, checked and hashed into a Parquet file, or several for a wide table, with a
 * reject for every record that did not fit.
 *
 * @param width columns that one statement should type at most
 * @throws RejectLimit when the contract does not bear the rejects; they are on disk then
 */
export async function buildStage(
  connection: DuckDBConnection,
  request: StageRequest,
  width: number,
): Promise<Omit<StageManifest, 'rejected'>> {
  const paths = stagePaths(request.folder, request.table);
  const rejects = new RejectsFile(paths.rejects);
  const preparation = new FilePreparation(connection, request, rejects, paths.careful);
  try {
    await preparation.prepare();
    const written = await writeStage({ connection, request, preparation }, width);
    const { columns, slices } = written;
    const { signal } = request;
    const staged = stagedRows(paths.rows, columns.length, slices);
    const rows = staged.records;
    const counts = await countRows(connection, rows, request);
    const firsts = new Map(counts.map(({ file, first }) => [file, first]));
    const read = readColumns(written);
    const stage = { connection, stage: rows, columns: read, signal };
    const refused = refusedRecords({ ...stage, firsts });
    if (counts.some((count) => count.refused > 0))
      await collectRejects({ rejects, signal }, request.files, refused);
    await addLayouts(request, preparation, { counts, rejects });
    if (request.keepPlaces)
      await writeOrigins(paths.origins, request, { columns: preparation.columns, firsts });
    const rejectsPath = await rejects.close();
    const files = stagedFiles(request, preparation.rejected, counts);
    const { counts: byColumn, nulled } = await countMisfits({ ...stage, staged }, counts);
    checkRejects(request, { files, columns: read, byColumn, rejectsPath });
    const keepsRepeats = request.duplicates === 'keep';
    if (keepsRepeats)
      await keepRepeats(connection, paths.rows, {
        written,
        most: Math.max(request.batchRows, VECTOR_ROWS),
        signal,
      });
    return {
      ...(await measure(connection, rows, { request, counts })),
      keepsPlaces: request.keepPlaces ?? false,
      isReordered: keepsRepeats && slices === null,
      ...(slices && { slices }),
      columns: bare(columns),
      files,
      ...(request.carried && { goesOnFrom: request.carried.from }),
      nulled,
      rejectsPath,
    };
  } finally {
    await rejects.close();
    await rm(paths.careful, { recursive: true, force: true });
  }
}

const bare = (columns: SettledColumn[]) =>
  columns.map(({ name, type, required, cleaning, mayWiden }) => {
    const fallback = cleaning?.default;
    return {
      name,
      type,
      required,
      ...(mayWiden && { mayWiden }),
      ...(fallback !== undefined && { default: fallback }),
    };
  });

/** By the index that a fault gives, as `readFiles` numbers them; some may be of columns that nobody faults. */
function readColumns({ columns, unwanted }: Written): SettledColumn[] {
  const all = [...columns];
  for (const { index, name } of unwanted) {
    all[index] = { name, type: { name: 'text' }, required: false, formats: [], isUnwanted: true };
  }
  return all;
}

async function countRows(
  connection: DuckDBConnection,
  rows: string,
  request: StageRequest,
): Promise<FileCount[]> {
  const counts = await run(
    connection,
    `SELECT "#file" AS file, count(*) AS rows, count("#error") AS refused, min(file_row_number) AS first, ` +
      `max(file_row_number) AS last FROM ${rows} GROUP BY 1 ORDER BY 1`,
    request.signal,
  );
  return counts.map((row) => {
    const [file, total, refused, first, last] = ['file', 'rows', 'refused', 'first', 'last'].map((key) =>
      Number(row[key]),
    );
    if (last! - first! + 1 !== total)
      throw new Error(`the records of ${request.files[file!]!.name} lost their order`);
    return { file: file!, rows: total!, refused: refused!, first: first! };
  });
}

/** Notes how the records of each file that has rejects were read. */
async function addLayouts(
  request: StageRequest,
  preparation: FilePreparation,
  { counts, rejects }: { counts: FileCount[]; rejects: RejectsFile },
): Promise<void> {
  const refused = new Map(counts.map((count) => [count.file, count.refused]));
  for (const columns of preparation.columns) {
    if (!refused.get(columns.file) && preparation.rejected[columns.file] === 0) continue;
    const file = request.files[columns.file]!;
    const { source, name, fingerprint } = file;
    rejects.addLayout({ layout: recordLayout(file, columns), source, file: name, fingerprint });
    await rejects.flush();
  }
}

function stagedFiles(request: StageRequest, early: number[], counts: FileCount[]): StagedFile[] {
  const byFile = new Map(counts.map((count) => [count.file, count]));
  const read = request.files.map(({ source, name, fingerprint, knownRecords = 0 }, index): StagedFile => {
    const { rows, refused } = byFile.get(index) ?? { rows: 0, refused: 0 };
    return {
      source,
      name,
      fingerprint,
      read: rows + early[index]! + knownRecords,
      rejected: refused + early[index]!,
      copyOf: null,
      ...(knownRecords > 0 && { knownRecords }),
    };
  });
  const carried = (request.carried?.files ?? []).map((file): StagedFile => {
    return { ...file, copyOf: null };
  });
  return [...read, ...carried, ...request.copies.map((copy) => ({ ...copy, read: 0, rejected: 0 }))];
}

/** Gives true repeats identities of their own. */
async function keepRepeats(
  connection: DuckDBConnection,
  path: string,
  { written, most, signal }: { written: Written; most: number; signal?: AbortSignal },
): Promise<void> {
  const width = written.columns.length;
  if (written.slices) return renumberRecords(connection, path, signal);
  const shape: StagedShape = { columns: width, most };
  const once = `${path}.once`;
  const numbered = numberRepeats(readStaged(path, shape.columns));
  await run(connection, writeStaged(numbered, once, shape), signal);
  await rename(once, path);
}

/** Counts the rows that have an identity, and the identities. */
async function measure(
  connection: DuckDBConnection,
  rows: string,
  { request, counts }: { request: StageRequest; counts: FileCount[] },
) {
  const { folder, signal } = request;
  const count = counts.reduce((sum, file) => sum + file.rows, 0);
  const execute = (sql: string) => run(connection, sql, signal);
  const found = { rows: 0, identities: 0 };
  for await (const range of identityRanges({ rows, count }, { folder, execute })) {
    const [row] = await execute(
      `SELECT count(*) AS rows, count(DISTINCT "#hash") AS identities FROM ${range}`,
    );
    found.rows += Number(row!['rows']);
    found.identities += Number(row!['identities']);
  }
  return found;
}
