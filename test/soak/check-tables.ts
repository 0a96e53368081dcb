import { STREAMS } from './streams.js';
import type { World } from './world.js';

export interface TableCount {
  table: string;
  rows: number;
  must: number;
  may: number;
}

/** Each table has all rows that it must have, none that nobody wrote, each once, and as it was written. */
export async function checkTables({ database, model, violations }: World): Promise<TableCount[]> {
  const counts: TableCount[] = [];
  for (const stream of STREAMS) {
    const { table } = stream;
    const { seen, written } = model.table(stream);
    const must = seen.union(model.present(stream));
    const ids = await database.ids(stream);
    const { rows, ids: different, wrong } = await database.audit(stream, model.extras.get(stream.pipeline)!);
    violations.same(`rows that must be in ${table} and are not`, 'none', String(must.without(ids)));
    violations.same(`rows in ${table} that were never valid`, 'none', String(ids.without(written)));
    violations.same(`rows of ${table} with one id`, rows, different);
    violations.same(`rows of ${table} whose values are not what was written`, 0, wrong);
    counts.push({ table, rows, must: must.size, may: written.without(must).size });
  }
  return counts;
}
