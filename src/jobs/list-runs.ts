import type { Repository, SelectQueryBuilder } from 'typeorm';
import { decodeCursor, firstIdAt, type Page, pageOf } from './page.js';
import type { RunState, RunTrigger } from './run-report.js';
import type { Run } from './run.entity.js';

export interface RunFilter {
  pipeline?: string;
  state?: RunState;
  trigger?: RunTrigger;
  /** Only runs queued at this moment or later. */
  since?: Date;
  cursor?: string;
  limit: number;
}

const AFTER_ALL = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** A run's id is made just before the moment at which it was queued is taken. */
const ID_LEAD_MS = 1_000;

/** A page of the history, the newest first. */
export async function listRuns(runs: Repository<Run>, filter: RunFilter): Promise<Page<Run>> {
  return pageOf(await historyQuery(runs, filter).getMany(), filter.limit);
}

/**
 * The runs of a page, and one more where there are more. Whatever is filtered by, one index has the answer in order: the
 * filters are the first of its columns, and the page is a range of it. Rows are compared instead of columns because of the
 * planner: it would rather walk the newest runs until it has met enough that fit, and there may be none in a hundred thousand.
 */
export function historyQuery(runs: Repository<Run>, filter: RunFilter): SelectQueryBuilder<Run> {
  const { cursor, since, limit } = filter;
  const named = (['pipeline', 'state', 'trigger'] as const).filter((name) => filter[name] !== undefined);
  const columns = [...named, 'id'].map((name) => `run.${name}`);
  const given = named.map((name) => `:${name}`);
  const lowest = firstIdAt(new Date((since?.getTime() ?? 0) - ID_LEAD_MS));
  const query = runs
    .createQueryBuilder('run')
    .where(`(${columns.join(', ')}) < (${[...given, ':before'].join(', ')})`)
    .andWhere(`(${columns.join(', ')}) >= (${[...given, ':lowest'].join(', ')})`)
    .setParameters({ ...filter, lowest, before: cursor === undefined ? AFTER_ALL : decodeCursor(cursor) })
    .orderBy(Object.fromEntries(columns.map((column) => [column, 'DESC' as const])))
    .limit(limit + 1);
  return since ? query.andWhere('run.queuedAt >= :since') : query;
}
