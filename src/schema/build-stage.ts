import { rename, rm } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { checkDefaults } from './check-defaults.js';
import { collectRejects, type FileCount, refusedRecords } from './collect-rejects.js';
import { TerminalError } from '../errors.js';
import { isEngineFault, lacksMemory, run, watchProgress } from './engine.js';
import { findLosses } from './find-losses.js';
import { identityRanges } from './identity-ranges.js';
import { inferColumns } from './infer-columns.js';
import { type PlannedColumn, planColumns } from './plan-columns.js';
import { planHidden, readExpressions, settleExpressions } from './plan-expressions.js';
import { countMisfits } from './count-misfits.js';
import { FilePreparation } from './prepare-files.js';
import { readFiles } from './read-files.js';
import { recordLayout } from './record-layout.js';
import { checkRejects } from './reject-limit.js';
import { RejectsFile } from './rejects-file.js';
import { writeOrigins } from './row-origins.js';
import { restartFaulty } from './restart-faulty.js';
import { stagePaths, type StageManifest } from './stage-on-disk.js';
import { settled, type SettledColumn } from './settled-column.js';
import { LEAST_ROWS, readStaged, type StagedShape, writeStaged } from './stage-parquet.js';
import { numberRepeats, stageRows, WRONG_ASSUMPTION } from './stage-sql.js';
import type { StagedFile } from './stage.js';
import type { StageRequest } from './stage-request.js';
import { widenColumns } from './widen-columns.js';

/**
 * One pass over all files of a stream: typed, checked and hashed into a Parquet file, with a reject for every record
 * that did not fit.
 *
 * @throws RejectLimit when the contract does not bear the rejects; they are on disk then
 */
export async function buildStage(
  connection: DuckDBConnection,
  request: StageRequest,
): Promise<Omit<StageManifest, 'rejected'>> {
  const paths = stagePaths(request.folder, request.table);
  const rejects = new RejectsFile(paths.rejects);
  const preparation = new FilePreparation(connection, request, rejects, paths.careful);
  try {
    await preparation.prepare();
    const { columns, unwanted } = await writeRows(connection, request, preparation);
    const { signal } = request;
    const shape = { columns: columns.length, most: request.batchRows };
    const rows = readStaged(paths.rows, shape.columns);
    const counts = await countRows(connection, rows, request);
    const firsts = new Map(counts.map(({ file, first }) => [file, first]));
    const read = readColumns(columns, unwanted);
    const stage = { connection, stage: rows, columns: read, signal };
    const refused = refusedRecords({ ...stage, firsts });
    if (counts.some((count) => count.refused > 0))
      await collectRejects({ rejects, signal }, request.files, refused);
    await addLayouts(request, preparation, { counts, rejects });
    if (request.keepPlaces)
      await writeOrigins(paths.origins, request, { columns: preparation.columns, firsts });
    const rejectsPath = await rejects.close();
    const files = stagedFiles(request, preparation.rejected, counts);
    const { counts: byColumn, nulled } = await countMisfits(stage, counts);
    checkRejects(request, { files, columns: read, byColumn, rejectsPath });
    if (request.duplicates === 'keep') await keepRepeats(connection, paths.rows, { shape, signal });
    return {
      ...(await measure(connection, rows, { counts, signal })),
      keepsPlaces: request.keepPlaces ?? false,
      isReordered: request.duplicates === 'keep',
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

/** About the share of the time that goes into finding the types, where there are any to find. */
const INFERRING = 0.3;

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

/** What the stage was written from: its columns, and the indexes of those that no record may have a value in. */
interface Written {
  columns: SettledColumn[];
  unwanted: Unwanted[];
}

interface Unwanted {
  index: number;
  name: string;
}

/** By the index that a fault gives, as `readFiles` numbers them; some may be of columns that nobody faults. */
function readColumns(columns: SettledColumn[], unwanted: Unwanted[]): SettledColumn[] {
  const all = [...columns];
  for (const { index, name } of unwanted) {
    all[index] = { name, type: { name: 'text' }, required: false, formats: [], isUnwanted: true };
  }
  return all;
}

/**
 * Infers and writes. Begins again with types that hold for all rows when those of a sample do not, with small row groups when
 * the engine's memory does not bear large ones, with the careful scan for files that the fast reader finds a fault in, and
 * without the Parquet files whose pages turn out to be broken.
 */
async function writeRows(
  connection: DuckDBConnection,
  request: StageRequest,
  preparation: FilePreparation,
): Promise<Written> {
  let most = request.batchRows;
  for (let assume = true; ;) {
    try {
      const written = await writeOnce(connection, request, { preparation, assume, most });
      if (written) return written;
    } catch (error) {
      request.signal?.throwIfAborted();
      if (lacksMemory(error) && most > LEAST_ROWS) {
        most = LEAST_ROWS;
        continue;
      }
      if (assume && (error as Error).message.includes(WRONG_ASSUMPTION)) {
        assume = false;
        continue;
      }
      if (error instanceof TerminalError || isEngineFault(error)) throw error;
      // A record so large that the engine fails on it is told by the careful scan.
      if ((await preparation.refuseBrokenParquet()) || (await preparation.restartAll())) continue;
      throw error;
    }
  }
}

/** null: a file has to be read in another way. */
async function writeOnce(
  connection: DuckDBConnection,
  request: StageRequest,
  { preparation, assume, most }: { preparation: FilePreparation; assume: boolean; most: number },
): Promise<Written | null> {
  const { signal, onProgress = () => {} } = request;
  const references = await readExpressions(connection, request);
  const { columns: planned, unwanted } = planColumns(request, preparation.columns);
  const hidden = planHidden(request, planned, { references, files: preparation.columns });
  const stopInferring = watchProgress(connection, (share) => onProgress(share * INFERRING));
  const relation = (some: PlannedColumn[]) => readFiles(preparation.readable, some);
  await inferColumns(connection, planned, { relation, assume, signal }).finally(stopInferring);
  if (await restartFaulty(connection, request, preparation)) return null;
  await widenColumns(connection, planned, (some) => readFiles(preparation.readable, some), signal);
  if (await restartFaulty(connection, request, preparation)) return null;
  const columns = settled(planned);
  await checkDefaults(connection, columns, request.table);
  await settleExpressions(connection, request, { columns, hidden, references });
  const mayHoldNul = preparation.readable.some((file) => file.format === 'parquet');
  const keepPlaces = request.keepPlaces ?? false;
  const aside = planned.length + hidden.length;
  const refused = unwanted.map(({ name }, n) => ({ index: aside + n, name }));
  const read = readFiles(preparation.readable, [...planned, ...hidden, ...unwanted]);
  const indexes = refused.map(({ index }) => index);
  const rules = { mayHoldNul, keepPlaces, unwanted: indexes };
  const rows = stageRows(read, columns, rules);
  const target = stagePaths(request.folder, request.table).rows;
  const stopWriting = watchProgress(connection, (share) => onProgress(INFERRING + share * (1 - INFERRING)));
  await run(connection, writeStaged(rows, target, { most, columns: columns.length }), signal).finally(
    stopWriting,
  );
  if (await restartFaulty(connection, request, preparation)) return null;
  if (request.onLosses) {
    const search = { relation: read, columns, rules, files: preparation.columns };
    request.onLosses(await findLosses(connection, request, search));
  }
  return { columns, unwanted: refused };
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
  const read = request.files.map(({ source, name, fingerprint }, index): StagedFile => {
    const { rows, refused } = byFile.get(index) ?? { rows: 0, refused: 0 };
    return {
      source,
      name,
      fingerprint,
      read: rows + early[index]!,
      rejected: refused + early[index]!,
      copyOf: null,
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
  { shape, signal }: { shape: StagedShape; signal?: AbortSignal },
): Promise<void> {
  const once = `${path}.once`;
  const numbered = numberRepeats(readStaged(path, shape.columns));
  await run(connection, writeStaged(numbered, once, shape), signal);
  await rename(once, path);
}

async function measure(
  connection: DuckDBConnection,
  rows: string,
  { counts, signal }: { counts: FileCount[]; signal?: AbortSignal },
) {
  const found = { rows: 0, identities: 0 };
  for (const range of identityRanges(counts.reduce((sum, file) => sum + file.rows, 0))) {
    const [row] = await run(
      connection,
      `SELECT count("#hash") AS rows, count(DISTINCT "#hash") AS identities FROM ${rows} WHERE ${range}`,
      signal,
    );
    found.rows += Number(row!['rows']);
    found.identities += Number(row!['identities']);
  }
  return found;
}
