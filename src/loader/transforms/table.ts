import { quoteTable } from '../quote-name.js';
import { hasRelation, listColumns, remake } from './relation.js';
import type { TransformKind } from './transform.js';

const ASIDE = 'pg_temp.millrace_rows';

/**
 * A table with the rows of the query. They are gathered aside; then the table's are replaced in the same transaction, so
 * that readers see the old ones or the new ones, and views, indexes and grants stay. With other columns it is made anew.
 */
export const table: TransformKind = {
  followsRows: true,
  isThere: ({ session, place }) => hasRelation(session, place, 'table'),
  apply: async (step) => {
    const { session, place, changes } = step;
    const name = quoteTable(place);
    await session.queryOnly(`CREATE TEMP TABLE millrace_rows ON COMMIT DROP AS ${step.statements[0]}`);
    const columns = await listColumns(session, ASIDE);
    const create = `CREATE TABLE ${name} (${columns.join(', ')})`;
    if (!(await table.isThere(step))) {
      await changes.run(place, create);
    } else {
      // Readers go on; writers wait, so that nothing they add meanwhile is mixed in.
      await session.query(`LOCK TABLE ${name} IN SHARE ROW EXCLUSIVE MODE`);
      const before = await listColumns(session, name);
      if (before.join() !== columns.join()) await remake(step, `DROP TABLE ${name}`, create);
      else await session.queryLong(`DELETE FROM ${name}`);
    }
    const { rowCount } = await session.queryLong(`INSERT INTO ${name} SELECT * FROM ${ASIDE}`);
    return rowCount ?? 0;
  },
};
