import type { Session } from './session.js';

/** A source of an API that the newest config of a pipeline reads into a table. */
export interface LiveCursor {
  table: string;
  sourceKey: string;
}

/** What a target database may forget of some pipelines. */
export interface PruneRequest {
  pipelines: string[];
  /** Of each pipeline whose sources are known. */
  cursors: { pipeline: string; live: LiveCursor[] }[];
  /** Loads that were committed before are old, and cursors that were kept before. */
  before: Date;
  /** Ids of runs sort by age; the lowest one whose rejects are not old. */
  firstRunId: string;
  /** The most loads that stay of each table. */
  keepLoads: number;
  /** The most rejects that stay of each pipeline. */
  keepRejects: number;
  /** Runs that may still need what they have. */
  spare: string[];
  /** Ends the work between two steps, and the step under way. */
  signal?: AbortSignal;
}

export interface Pruned {
  loads: number;
  loadFiles: number;
  rejects: number;
  cursors: number;
}

/** Runs a step in a transaction of its own. */
export type Transact = <T>(work: (session: Session) => Promise<T>) => Promise<T>;

/** Repeats a step until it has changed less than it may; returns how many rows all have changed. */
export async function repeatStep(atOnce: number, step: () => Promise<number>): Promise<number> {
  for (let all = 0; ;) {
    const changed = await step();
    all += changed;
    if (changed < atOnce) return all;
  }
}
