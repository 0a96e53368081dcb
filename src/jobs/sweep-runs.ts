import { type EntityManager, LessThan } from 'typeorm';
import { SetAsideFile } from './set-aside-file.entity.js';
import type { SweepLimits } from './sweep-limits.js';

/** Newest runs of a pipeline whose files stay listed; a list may be megabytes. */
export const FILE_LISTS_KEPT = 100;

const BATCH = 200;

/**
 * Runs that stay whatever their age: the newest ones, which monitors compare with, those that the monitor and the schedule
 * name, and those whose rejects are being taken up again.
 */
const SPARED = `
  WITH spared AS MATERIALIZED (
    (SELECT id FROM millrace.runs WHERE pipeline = $1 ORDER BY id DESC LIMIT 1)
    UNION (SELECT id FROM millrace.runs WHERE pipeline = $1 AND replay IS NULL ORDER BY id DESC LIMIT 1)
    UNION (SELECT id FROM millrace.runs WHERE pipeline = $1 AND state = 'succeeded' AND replay IS NULL
             ORDER BY id DESC LIMIT 1)
    UNION (SELECT id FROM millrace.runs WHERE pipeline = $1 AND signature IS NOT NULL AND replay IS NULL
             ORDER BY id DESC LIMIT 1)
    UNION (SELECT last_run_id FROM millrace.monitors WHERE pipeline = $1 AND last_run_id IS NOT NULL)
    UNION (SELECT last_run_id FROM millrace.schedules WHERE pipeline = $1 AND last_run_id IS NOT NULL)
    UNION (SELECT (replay->>'runId')::uuid FROM millrace.runs
             WHERE pipeline = $1 AND state IN ('queued', 'running') AND replay IS NOT NULL))`;

const IS_OVER = `pipeline = $1 AND state IN ('succeeded', 'failed', 'cancelled') AND id NOT IN (SELECT id FROM spared)`;

// In one statement, so that a run which becomes the newest meanwhile finds the one before it spared, not gone.
const DELETE_RUNS = `
  ${SPARED}
  DELETE FROM millrace.runs WHERE id IN (
    SELECT id FROM millrace.runs
     WHERE ${IS_OVER} AND (id <= $2::uuid OR id < $3::uuid AND coalesce(finished_at, queued_at) < $4::timestamptz)
     ORDER BY id LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)`;

// An empty list takes 5 bytes; the size is known without reading a long one.
const EMPTY_FILES = `
  ${SPARED}
  UPDATE millrace.runs SET files = '[]' WHERE id IN (
    SELECT id FROM millrace.runs
     WHERE ${IS_OVER} AND id <= $2::uuid AND pg_column_size(files) > 8
     ORDER BY id LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)`;

/**
 * Removes a pipeline's runs that are over and too old or too many, with their events and keys, and empties the file
 * lists of all but the newest. In small steps, so that nobody waits for it.
 */
export async function sweepRuns(
  manager: EntityManager,
  { pipeline, limits, signal }: { pipeline: string; limits: SweepLimits; signal: AbortSignal },
): Promise<{ runs: number; fileLists: number }> {
  const surplus = await idAfterNewest(manager, pipeline, limits.runs);
  const { firstId, before } = limits;
  const runs = await repeatedly(manager, signal, DELETE_RUNS, [pipeline, surplus, firstId, before]);
  const unlisted = await idAfterNewest(manager, pipeline, FILE_LISTS_KEPT);
  const fileLists = await repeatedly(manager, signal, EMPTY_FILES, [pipeline, unlisted]);
  return { runs, fileLists };
}

/** Forgets the files that were set aside long ago for config versions before the newest: these are read again. */
export async function sweepSetAside(
  manager: EntityManager,
  { pipeline, version, before }: { pipeline: string; version: number; before: Date },
): Promise<number> {
  const old = { pipeline, configVersion: LessThan(version), at: LessThan(before) };
  return (await manager.delete(SetAsideFile, old)).affected ?? 0;
}

/** The id of the newest run that so many are newer than; null when there are no more than these. */
async function idAfterNewest(
  manager: EntityManager,
  pipeline: string,
  newest: number,
): Promise<string | null> {
  const rows: { id: string }[] = await manager.query(
    'SELECT id FROM millrace.runs WHERE pipeline = $1 ORDER BY id DESC OFFSET $2 LIMIT 1',
    [pipeline, newest],
  );
  return rows[0]?.id ?? null;
}

/** Until the statement finds nothing more; returns how many rows it changed. */
async function repeatedly(
  manager: EntityManager,
  signal: AbortSignal,
  statement: string,
  values: unknown[],
): Promise<number> {
  for (let all = 0; ;) {
    signal.throwIfAborted();
    const [, changed]: [unknown[], number] = await manager.query(statement, values);
    all += changed;
    if (changed < BATCH) return all;
  }
}
