import type { DuckDBConnection } from '@duckdb/node-api';
import { TerminalError } from '../errors.js';
import { checkDefaults } from './check-defaults.js';
import { readPart, type StagePlan, unwantedFrom } from './column-part.js';
import { isEngineFault, lacksMemory, run, watchProgress } from './engine.js';
import { findLosses } from './find-losses.js';
import { inferColumns } from './infer-columns.js';
import { type PlannedColumn, planColumns } from './plan-columns.js';
import { planHidden, readExpressions, settleExpressions } from './plan-expressions.js';
import type { FilePreparation } from './prepare-files.js';
import { readFiles } from './read-files.js';
import { recordBytes } from './record-bytes.js';
import { restartFaulty } from './restart-faulty.js';
import { settled, type SettledColumn } from './settled-column.js';
import { stagePaths } from './stage-on-disk.js';
import { LEAST_ROWS, writeStaged } from './stage-parquet.js';
import type { StageRequest } from './stage-request.js';
import { stageRows, WRONG_ASSUMPTION } from './stage-sql.js';
import type { Slices } from './staged-rows.js';
import { widenColumns } from './widen-columns.js';
import { writeSlices } from './write-slices.js';

/** What was written: the stage's columns, how they lie, and the indexes of those that no record may have a value in. */
export interface Written {
  columns: SettledColumn[];
  unwanted: { index: number; name: string }[];
  slices: Slices;
}

/** How a stage is written, from the first try to the last. */
interface Attempt {
  /** Types of a sample are taken for those of all rows. */
  assume: boolean;
  /** Rows of a row group, at most. */
  most: number;
  /** Columns that one statement types, at most. */
  width: number;
}

/** A table up to so many times wider is written by one statement, if the memory bears that: by all threads to the end. */
const WHOLE = 3;
/** A row group holds about so much of the files: several are in memory, more than once, until they are written in order. */
const GROUP_BYTES = 8 << 20;
/** Fewer columns than that take little memory: it goes elsewhere. */
const LEAST_WIDTH = 4;

interface Writing {
  connection: DuckDBConnection;
  request: StageRequest;
  preparation: FilePreparation;
}

/**
 * Infers and writes. Begins again with types that hold for all rows when those of a sample do not, with small row groups and
 * then with fewer columns at a time when the engine's memory does not bear more, with the careful scan for files that the
 * fast reader finds a fault in, and without the Parquet files whose pages turn out to be broken.
 *
 * @param width columns that one statement should type at most
 */
export async function writeStage(writing: Writing, width: number): Promise<Written> {
  const { request, preparation } = writing;
  let attempt: Attempt = { assume: true, most: request.batchRows, width };
  for (;;) {
    try {
      const written = await writeOnce(writing, attempt);
      if (written) return written;
    } catch (error) {
      request.signal?.throwIfAborted();
      const next = nextAttempt(attempt, error as Error);
      if (next) {
        attempt = next;
        continue;
      }
      if (error instanceof TerminalError || isEngineFault(error)) throw error;
      // A record so large that the engine fails on it is told by the careful scan.
      if ((await preparation.refuseBrokenParquet()) || (await preparation.restartAll())) continue;
      throw error;
    }
  }
}

/** null: another way to write would not help. */
function nextAttempt(attempt: Attempt, error: Error): Attempt | null {
  if (attempt.assume && error.message.includes(WRONG_ASSUMPTION)) return { ...attempt, assume: false };
  if (!lacksMemory(error)) return null;
  if (attempt.most > LEAST_ROWS) return { ...attempt, most: LEAST_ROWS };
  if (attempt.width > LEAST_WIDTH) return { ...attempt, width: Math.ceil(attempt.width / 2) };
  return null;
}

/** null: a file has to be read in another way. */
async function writeOnce(writing: Writing, attempt: Attempt): Promise<Written | null> {
  const { connection, request } = writing;
  const plan = await settlePlan(writing, attempt);
  if (!plan) return null;
  const { columns } = plan;
  const isWide = columns.length > attempt.width * WHOLE;
  const slices = isWide ? await writeSliced(writing, plan, attempt) : null;
  if (isWide ? !slices : !(await writeWhole(writing, plan, attempt))) return null;
  if (request.onLosses) request.onLosses(await findLosses(connection, request, plan, attempt.width));
  const unwanted = plan.unwanted.map(({ name }, n) => ({ index: unwantedFrom(plan) + n, name }));
  return { columns, unwanted, slices };
}

/** About the share of the time that goes into finding the types, where there are any to find. */
const INFERRING = 0.3;

/** What is read and how it is typed; null: a file has to be read in another way. */
async function settlePlan(writing: Writing, { assume, width }: Attempt): Promise<StagePlan | null> {
  const { connection, request, preparation } = writing;
  const { signal, onProgress = () => {} } = request;
  const { columns: files, readable } = preparation;
  const references = await readExpressions(connection, request);
  const { columns: planned, unwanted } = planColumns(request, files);
  const hidden = planHidden(request, planned, { references, files });
  const relation = (some: PlannedColumn[]) => readFiles(readable, some);
  const stopInferring = watchProgress(connection, (share) => onProgress(share * INFERRING));
  const inference = { relation, assume, width, signal };
  await inferColumns(connection, planned, inference).finally(stopInferring);
  if (await restartFaulty(connection, request, preparation)) return null;
  await widenColumns(connection, planned, { relation, width, signal });
  if (await restartFaulty(connection, request, preparation)) return null;
  const columns = settled(planned);
  await checkDefaults(connection, columns, request.table);
  await settleExpressions(connection, request, { columns, hidden, references });
  const mayHoldNul = readable.some((file) => file.format === 'parquet');
  const rules = { mayHoldNul, keepPlaces: request.keepPlaces ?? false };
  return { planned, columns, hidden, unwanted, references, readable, files, rules };
}

/** All columns by one statement; false: a file has to be read in another way. */
async function writeWhole(writing: Writing, plan: StagePlan, { most }: Attempt): Promise<boolean> {
  const { connection, request, preparation } = writing;
  const { columns } = plan;
  const fitting = Math.floor(GROUP_BYTES / Math.max(await recordBytes(plan.readable), 1));
  const all = { plan, own: [...columns.keys()], unwanted: [...plan.unwanted.keys()] };
  const { relation, rules, columns: read } = await readPart(connection, request, all);
  const target = stagePaths(request.folder, request.table).rows;
  const sql = writeStaged(stageRows(relation, read, rules), target, {
    most: Math.min(most, fitting),
    columns: columns.length,
  });
  const stopWriting = watchProgress(connection, (share) => tellWriting(request, share));
  await run(connection, sql, request.signal).finally(stopWriting);
  return !(await restartFaulty(connection, request, preparation));
}

function writeSliced(writing: Writing, plan: StagePlan, { width }: Attempt): Promise<Slices> {
  const { connection, request, preparation } = writing;
  const path = stagePaths(request.folder, request.table).rows;
  const onStep = (share: number) => tellWriting(request, share);
  const isFaulty = () => restartFaulty(connection, request, preparation);
  return writeSlices({ connection, request, plan, path, width, onStep }, isFaulty);
}

const tellWriting = ({ onProgress }: StageRequest, share: number) =>
  onProgress?.(INFERRING + share * (1 - INFERRING));
