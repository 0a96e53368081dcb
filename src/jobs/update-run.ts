import type { EntityManager, FindOptionsWhere, QueryDeepPartialEntity } from 'typeorm';
import { RunEvent } from './run-event.entity.js';
import type { RunEventType } from './run-report.js';
import { Run } from './run.entity.js';

export interface NewEvent {
  type: RunEventType;
  data: object;
}

export interface RunUpdate {
  where: FindOptionsWhere<Run>;
  changes: QueryDeepPartialEntity<Run>;
  /** What the change means to those who follow the run. */
  events: NewEvent[];
}

/**
 * Changes one run and adds its events, both or neither.
 * @returns the run's id; null when there is no such run, or none in that state
 */
export async function updateRun(
  manager: EntityManager,
  { where, changes, events }: RunUpdate,
): Promise<string | null> {
  const update = manager
    .createQueryBuilder()
    .update(Run)
    .set({ ...changes, revision: () => `revision + ${events.length}` })
    .where(where)
    .returning('id, revision');
  if (events.length === 0) {
    const { raw } = await update.execute();
    return (raw as { id: string }[])[0]?.id ?? null;
  }
  // One statement: a run's progress costs one answer of the database a step.
  const [changed, parameters] = update.getQueryAndParameters();
  const n = parameters.length;
  const rows: { id: string }[] = await manager.query(
    `WITH changed AS (${changed}), told AS (
       INSERT INTO millrace.run_events (run_id, seq, at, type, data)
       SELECT id, revision - ${events.length} + n, $${n + 1}::timestamptz, event->>'type', event->'data'
         FROM changed, jsonb_array_elements($${n + 2}::jsonb) WITH ORDINALITY AS e(event, n))
     SELECT id FROM changed`,
    [...parameters, new Date(), JSON.stringify(events)],
  );
  return rows[0]?.id ?? null;
}

/** @param run with the revision that it has after the events */
export async function addEvents(
  manager: EntityManager,
  { id, revision, events }: { id: string; revision: number; events: NewEvent[] },
): Promise<void> {
  if (events.length === 0) return;
  const first = revision - events.length + 1;
  const at = new Date();
  await manager.insert(
    RunEvent,
    events.map((event, index) => ({ runId: id, seq: first + index, at, ...event })),
  );
}
