import { literalOf, quoteName } from '../quote-name.js';
import type { Rule, RuledTable, Search } from './rule.js';
import type { Session } from '../session.js';

/** Columns that are NOT NULL and that the database does not fill by itself. */
export async function listNotNull(session: Session, { oid }: RuledTable): Promise<Rule[]> {
  const { rows } = await session.query<{ column: string }>(
    `SELECT attname AS "column" FROM pg_catalog.pg_attribute
      WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped AND attnotnull
        AND NOT atthasdef AND attidentity = '' AND attgenerated = ''
      ORDER BY attnum`,
    [oid],
  );
  return rows.map(({ column }) => {
    const reason = `${column}: expected a value (NOT NULL), got NULL`;
    return {
      name: null,
      columns: [column],
      reason,
      findBroken: (search) => findNulls(column, reason, search),
      isIdle: (columns) => columns.get(column)?.required ?? false,
    };
  });
}

function findNulls(column: string, reason: string, { rows, columns, fresh }: Search): string {
  // A row that takes the place of another one leaves what it does not have as it is.
  const where = columns.has(column) ? `${quoteName('column', column)} IS NULL` : fresh('i');
  return `SELECT "#row", "#file", ${literalOf(reason)} AS reason FROM ${rows} AS i WHERE ${where}`;
}
