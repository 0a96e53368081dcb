import { Any, type EntityManager } from 'typeorm';
import type { RunState } from './run-report.js';
import { Run } from './run.entity.js';

const BATCH = 1_000;

/** The states of these runs by id; runs that are not there are left out. */
export async function findRunStates(manager: EntityManager, ids: string[]): Promise<Map<string, RunState>> {
  const states = new Map<string, RunState>();
  for (let from = 0; from < ids.length; from += BATCH) {
    const where = { id: Any(ids.slice(from, from + BATCH)) };
    const runs = await manager.find(Run, { select: { id: true, state: true }, where });
    for (const { id, state } of runs) states.set(id, state);
  }
  return states;
}

export function isOpen(state: RunState | undefined): boolean {
  return state === 'queued' || state === 'running';
}

/** Of these ids, those of runs that are over, or that are not there at all. */
export async function findOver(manager: EntityManager, ids: string[]): Promise<string[]> {
  const states = await findRunStates(manager, ids);
  return ids.filter((id) => !isOpen(states.get(id)));
}
