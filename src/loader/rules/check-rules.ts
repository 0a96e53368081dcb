import { literalOf } from '../quote-name.js';
import type { Session } from '../session.js';
import type { Rule, RuledTable } from './rule.js';

interface Check {
  name: string;
  columns: string[];
  /** SQL over the columns of the table. */
  expression: string;
}

/** CHECK constraints. */
export async function listChecks(session: Session, { oid }: RuledTable): Promise<Rule[]> {
  const { rows } = await session.query<Check>(LIST, [oid]);
  return rows.map((check) => {
    const reason = describe(check);
    const { name, columns, expression } = check;
    return {
      name,
      columns,
      reason,
      findBroken: ({ rows: incoming }) =>
        `SELECT "#row", "#file", ${literalOf(reason)} AS reason FROM ${incoming} AS i WHERE NOT (${expression})`,
      isIdle: () => false,
    };
  });
}

const LIST = `
  SELECT c.conname AS name, pg_get_expr(c.conbin, c.conrelid) AS expression,
         ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey) ORDER BY a.attnum) AS columns
    FROM pg_catalog.pg_constraint c
   WHERE c.conrelid = $1 AND c.contype = 'c'
     AND coalesce((to_jsonb(c) ->> 'conenforced')::boolean, true)
   ORDER BY c.conname`;

function describe({ columns, expression, name }: Check): string {
  const of = columns.length === 0 ? '' : `${columns.join(', ')}: `;
  return `${of}expected ${withoutOuter(expression)} (check ${name}), got a row of which it is false`;
}

/** PostgreSQL puts an expression into brackets; texts with brackets in them keep theirs. */
function withoutOuter(expression: string): string {
  if (expression.includes("'") || !expression.startsWith('(')) return expression;
  let depth = 0;
  for (const [at, sign] of [...expression].entries()) {
    depth += Number(sign === '(') - Number(sign === ')');
    if (depth === 0) return at === expression.length - 1 ? expression.slice(1, -1) : expression;
  }
  return expression;
}
