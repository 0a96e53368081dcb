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
  return manager.transaction(async (inner) => {
    const { raw } = await inner
      .createQueryBuilder()
      .update(Run)
      .set({ ...changes, revision: () => `revision + ${events.length}` })
      .where(where)
      .returning('id, revision')
      .execute();
    const [row] = raw as { id: string; revision: number }[];
    if (!row) return null;
    await addEvents(inner, { ...row, events });
    return row.id;
  });
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
