import type { TablePlace } from '../quote-name.js';
import type { Session } from '../session.js';
import { nearestWord } from '../../nearest-word.js';

/** The table of the same schema that was most likely meant; undefined: none is near. */
export async function findNearestTable(
  session: Session,
  { schema, table }: TablePlace,
): Promise<string | undefined> {
  const { rows } = await session.query<{ name: string }>(
    `SELECT c.relname AS name
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') ORDER BY 1 LIMIT 10000`,
    [schema],
  );
  return nearestWord(
    table,
    rows.map(({ name }) => name),
  );
}
