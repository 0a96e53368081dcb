import type { DuckDBConnection } from '@duckdb/node-api';
import { TerminalError } from '../errors.js';
import { checkDefaults } from './check-defaults.js';
import { readPart, type StagePlan, unwantedFrom } from './column-part.js';
import { isEngineFault, run, watchProgress } from './engine.js';
import { findLosses } from './find-losses.js';
import { inferColumns } from './infer-columns.js';
import { type PlannedColumn, planColumns } from './plan-columns.js';
import { planHidden, readExpressions, settleExpressions } from './plan-expressions.js';
import type { FilePreparation } from './prepare-files.js';
import { readFiles } from './read-files.js';
import { recordBytes } from './record-bytes.js';
import { restartFaulty } from './restart-faulty.js';
import { settled, type SettledColumn } from './settled-column.js';
import { stagePaths } from './stage-manifest.js';
import { VECTOR_ROWS, writeStaged } from './stage-parquet.js';
import type { StageRequest } from './stage-request.js';
import { stageRows } from './stage-sql.js';
import type { Slices } from './staged-rows.js';
import { widenColumns } from './widen-columns.js';
import { type Attempt, type Breadth, firstAttempt, isSliced, nextAttempt } from './write-attempt.js';
import { writeSlices } from './write-slices.js';

/** What was written: the stage's columns, how they lie, and the indexes of those that no record may have a value in. */
export interface Written {
  columns: SettledColumn[];
  unwanted: { index: number; name: string }[];
  slices: Slices;
}

/** A row group holds about so much of the files: several are in memory, more than once, until they are written in order. */
const GROUP_BYTES = 8 << 20;

interface Writing {
  connection: DuckDBConnection;
  request: StageRequest;
  preparation: FilePreparation;
}

/**
 * Infers and writes. Begins again in another way as `nextAttempt` has it, with the careful scan for files that the
 * fast reader finds a fault in, and without the Parquet files whose pages turn out to be broken.
 *
 * @param width columns that one statement should type at most
 */
export async function writeStage(writing: Writing, width: number): Promise<Written> {
  const { request, preparation } = writing;
  let attempt = firstAttempt(request.batchRows, width);
  let breadth: Breadth = { columns: 0, unwanted: 0 };
  const onPlan = (plan: StagePlan) => (breadth = breadthOf(plan));
  for (;;) {
    try {
      const written = await writeOnce(writing, attempt, onPlan);
      if (written) return written;
    } catch (error) {
      request.signal?.throwIfAborted();
      const next = nextAttempt(attempt, error as Error, breadth);
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

const breadthOf = ({ columns, unwanted }: StagePlan): Breadth => {
  return { columns: columns.length, unwanted: unwanted.length };
};

/** null: a file has to be read in another way. */
async function writeOnce(
  writing: Writing,
  attempt: Attempt,
  onPlan: (plan: StagePlan) => void,
): Promise<Written | null> {
  const { connection, request } = writing;
  const plan = await settlePlan(writing, attempt);
  if (!plan) return null;
  onPlan(plan);
  const { columns } = plan;
  const isWide = isSliced(attempt, breadthOf(plan));
  const slices = isWide ? await writeSliced(writing, plan, attempt) : null;
  if (isWide ? !slices : !(await writeWhole(writing, plan, attempt))) return null;
  if (request.onLosses) request.onLosses(await findLosses(connection, request, plan, attempt.width));
  const unwanted = plan.unwanted.map(({ name }, n) => ({ index: unwantedFrom(plan) + n, name }));
  return { columns, unwanted, slices };
}

/** About the share of the time that goes into finding the types, where there are any to find. */
const INFERRING = 0.3;

/** What is read and how it is typed; null: a file has to be read in another way. */
async function settlePlan(writing: Writing, { assume, rows, width }: Attempt): Promise<StagePlan | null> {
  const { connection, request, preparation } = writing;
  const { signal, onProgress = () => {} } = request;
  const { columns: files, readable } = preparation;
  const references = await readExpressions(connection, request);
  const { columns: planned, unwanted } = planColumns(request, files);
  const hidden = planHidden(request, planned, { references, files });
  let isRead = false;
  const relation = (some: PlannedColumn[]) => {
    isRead = true;
    return readFiles(readable, some, rows);
  };
  const restarts = async () => isRead && restartFaulty(connection, request, preparation);
  const stopInferring = watchProgress(connection, (share) => onProgress(share * INFERRING));
  const inference = { relation, assume, width, signal };
  await inferColumns(connection, planned, inference).finally(stopInferring);
  if (await restarts()) return null;
  await widenColumns(connection, planned, { relation, width, signal });
  if (await restarts()) return null;
  const columns = settled(planned);
  await checkDefaults(connection, columns, request.table);
  await settleExpressions(connection, request, { columns, hidden, references });
  const mayHoldNul = readable.some((file) => file.format === 'parquet');
  const rules = { mayHoldNul, keepPlaces: request.keepPlaces ?? false };
  return { planned, columns, hidden, unwanted, references, readable, files, rules, rows };
}

/** All columns by one statement; false: a file has to be read in another way. */
async function writeWhole(writing: Writing, plan: StagePlan, { rows }: Attempt): Promise<boolean> {
  const { connection, request, preparation } = writing;
  const { columns } = plan;
  const fitting = Math.floor(GROUP_BYTES / Math.max(await recordBytes(plan.readable), 1));
  const all = { plan, own: [...columns.keys()], unwanted: [...plan.unwanted.keys()] };
  const { relation, rules, columns: read } = await readPart(connection, request, all);
  const target = stagePaths(request.folder, request.table).rows;
  const sql = writeStaged(stageRows(relation, read, rules), target, {
    most: Math.min(rows, Math.max(fitting, VECTOR_ROWS)),
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
