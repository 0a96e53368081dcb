import { quoteTable } from '../quote-name.js';
import { listColumns, hasRelation, remake } from './relation.js';
import type { TransformKind, TransformStep } from './transform.js';

/** A view of the query; it shows new rows by itself. */
export const view: TransformKind = {
  followsRows: false,
  isThere: ({ session, place }) => hasRelation(session, place, 'view'),
  apply: async (step) => {
    const { place, changes } = step;
    const name = quoteTable(place);
    const query = step.statements[0]!;
    if (!(await view.isThere(step))) await changes.run(place, `CREATE VIEW ${name} AS ${query}`);
    else if (await keepsColumns(step, query))
      await changes.run(place, `CREATE OR REPLACE VIEW ${name} AS ${query}`);
    else await remake(step, `DROP VIEW ${name}`, `CREATE VIEW ${name} AS ${query}`);
    return null;
  },
};

/** A view may get more columns at its end, and nothing else; https://www.postgresql.org/docs/current/sql-createview.html */
async function keepsColumns({ session, place }: TransformStep, query: string): Promise<boolean> {
  await session.queryOnly(`CREATE TEMP VIEW millrace_view AS ${query}`);
  const before = await listColumns(session, quoteTable(place));
  const after = await listColumns(session, 'pg_temp.millrace_view');
  await session.query('DROP VIEW pg_temp.millrace_view');
  return before.every((column, at) => column === after[at]);
}
