import type { TransformConfig } from './pipeline-config.js';
import { splitSql, type SqlStatement } from './split-sql.js';

/** Statements that would end the transaction, or that mean another connection than this one. */
const REFUSED = new Set(
  'begin start commit end rollback abort savepoint release prepare copy set reset discard load'.split(' '),
);
const QUERY = new Set(['select', 'with', 'values', 'table', '(']);
const SERVICE_SCHEMAS = new Set(['millrace', 'pgboss']);

/**
 * What can be told of a transform's SQL without the database. It keeps honest people from mistakes: what the target's
 * user may do, SQL may do.
 */
export function checkSql(sql: string, as: TransformConfig['as']): string | undefined {
  const statements = splitSql(sql);
  if (statements.length === 0) return 'expected SQL, got nothing';
  if (as !== 'statement' && statements.length > 1) {
    return `expected one query for a ${as}, got ${statements.length} statements`;
  }
  for (const statement of statements) {
    const fault = checkStatement(statement, as);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function checkStatement({ tokens }: SqlStatement, as: TransformConfig['as']): string | undefined {
  const [first = ''] = tokens;
  const shown = JSON.stringify(first.slice(0, 40));
  if (as !== 'statement' && !QUERY.has(first)) {
    return `expected a query for a ${as} (SELECT, WITH, VALUES, TABLE), got ${shown}`;
  }
  if (REFUSED.has(first)) {
    return `expected a statement inside the transform's own transaction, got ${shown}`;
  }
  const own = tokens.find((token, at) => SERVICE_SCHEMAS.has(token) && tokens[at + 1] === '.');
  return own && `expected the schemas of your tables, got "${own}", which is the service's own`;
}

/** The statements of SQL that was checked. */
export function statementsOf(sql: string): string[] {
  return splitSql(sql).map(({ text }) => text);
}
