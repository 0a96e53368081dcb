import { constants, copyFile } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { collectRejects, placeOf, type Refused } from './collect-rejects.js';
import { readPath, run } from './engine.js';
import { RejectsFile } from './rejects-file.js';
import { checkOrigin, readOrigins, type Origin } from './row-origins.js';
import type { AfterRefusal, Refusal, Stage } from './stage.js';

interface Refusing {
  connection: DuckDBConnection;
  /** A table expression over the good rows, with `#row`. */
  rows: string;
  /** Path of the origins. */
  origins: string;
  stage: Pick<Stage, 'files' | 'rows' | 'rejected' | 'rejectsPath'>;
}

const PAGE = 20_000;

/**
 * Writes rejects for rows of a finished stage: its own rejects first, then those, with place and raw text as if they had
 * been refused at once.
 */
export async function refuseRows(refusing: Refusing, refusal: Refusal): Promise<AfterRefusal> {
  const { connection, stage, rows } = refusing;
  const { path, signal } = refusal;
  const origins = await readOrigins(refusing.origins);
  await run(connection, `CREATE TEMP TABLE refused AS ${refusedRows(rows, refusal)}`, signal);
  const counts = await countRefused(connection);
  if (stage.rejectsPath !== null) await copyFile(stage.rejectsPath, path, constants.COPYFILE_EXCL);
  const rejects = new RejectsFile(path, stage.rejectsPath !== null);
  try {
    const found = [...counts.keys()].map((file) => origins.get(file)!);
    for (const origin of found) await checkOrigin(origin);
    const files = stage.files.map((_, file) => origins.get(file)!);
    await collectRejects({ rejects, signal }, files, pages(connection, origins, signal));
    // A file that changed meanwhile would be quoted wrongly.
    for (const origin of found) await checkOrigin(origin);
    addLayouts(rejects, found, stage);
  } finally {
    await rejects.close();
  }
  return summarise(stage, counts, path);
}

function refusedRows(rows: string, { list, withRepeats }: Refusal): string {
  const columns = `columns = {'row': 'BIGINT', 'column': 'VARCHAR', 'reason': 'VARCHAR'}`;
  const listed = `read_csv(${readPath(list)}, auto_detect = false, header = false, ${columns})`;
  const place = '"#row", "#file", "#line", "#at", "#length", "#raw"';
  const join = withRepeats
    ? `(SELECT g."#hash", l."column", l.reason FROM ${listed} l JOIN ${rows} g ON g."#row" = l.row) r USING ("#hash")`
    : `${listed} r ON r.row = s."#row"`;
  return `SELECT ${place}, r."column", r.reason FROM ${rows} s JOIN ${join} ORDER BY "#row"`;
}

async function countRefused(connection: DuckDBConnection): Promise<Map<number, number>> {
  const counts = await run(connection, 'SELECT "#file" AS file, count(*) AS n FROM refused GROUP BY 1');
  return new Map(counts.map(({ file, n }) => [Number(file), Number(n)]));
}

async function* pages(
  connection: DuckDBConnection,
  origins: Map<number, Origin>,
  signal?: AbortSignal,
): AsyncGenerator<Refused> {
  const firsts = new Map([...origins.values()].map(({ file, first }) => [file, first]));
  let last = -1n;
  for (;;) {
    const rows = await run(
      connection,
      `SELECT * FROM refused WHERE "#row" > ${last} ORDER BY "#row" LIMIT ${PAGE}`,
      signal,
    );
    for (const row of rows) {
      const why = { column: (row['column'] as string | null) || null, reason: String(row['reason']) };
      yield { ...placeOf(row, firsts), ...why, bad: null };
    }
    if (rows.length < PAGE) return;
    last = rows.at(-1)!['#row'] as bigint;
  }
}

/** Files that had rejects before have told already how they were read. */
function addLayouts(rejects: RejectsFile, origins: Origin[], { files }: Pick<Stage, 'files'>): void {
  for (const { file, layout, source, name, fingerprint } of origins) {
    if (files[file]!.rejected === 0) rejects.addLayout({ layout, source, file: name, fingerprint });
  }
}

function summarise(stage: Refusing['stage'], counts: Map<number, number>, rejectsPath: string): AfterRefusal {
  const refused = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return {
    files: stage.files.map((file, index) => ({
      ...file,
      rejected: file.rejected + (counts.get(index) ?? 0),
    })),
    rows: stage.rows - refused,
    rejected: stage.rejected + refused,
    rejectsPath,
  };
}
