import type { DuckDBConnection } from '@duckdb/node-api';
import type { StagePlan } from './column-part.js';
import { readPath, run } from './engine.js';
import { writeFields } from './stage-parquet.js';
import type { StageRequest } from './stage-request.js';

/** What a wide stage is written from, and where to. */
export interface Slicing {
  connection: DuckDBConnection;
  request: StageRequest;
  plan: StagePlan;
  /** Where the records go; the slices lie beside it. */
  path: string;
  /** The most columns of a slice. */
  width: number;
  /** Told with the share that is done. */
  onStep: (share: number) => void;
}

/** A file with some fields of every record. */
export interface Part {
  path: string;
  field: string;
}

/** A query, row by row, by one thread; one that is alone stands beside itself. */
export function besideEachOther(parts: Part[]): string {
  const fields = parts.map(({ field }) => `${field}.*`).join(', ');
  const files = parts.map(({ path, field }) => `read_parquet(${readPath(path)}) file_${field}`);
  if (parts.length === 1) files.push(`read_parquet(${readPath(parts[0]!.path)}) again(itself)`);
  return `SELECT ${fields} FROM ${files.join(' POSITIONAL JOIN ')}`;
}

/**
 * @param rowGroup see `writeFields`
 * @returns how many rows there are
 */
export async function writePart(
  { connection, request }: { connection: DuckDBConnection; request: Pick<StageRequest, 'signal'> },
  rows: string,
  { path, field }: Part,
  rowGroup: number,
): Promise<number> {
  const [counted] = await run(connection, writeFields(rows, path, field, rowGroup), request.signal);
  return Number(counted!['Count']);
}
