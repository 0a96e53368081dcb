import type { DuckDBConnection } from '@duckdb/node-api';
import { TerminalError } from '../errors.js';
import { literal, run } from './engine.js';
import { EXPRESSION_FUNCTIONS } from './expression-functions.js';

/** What an expression may be made of; `a.b`, subqueries, windows, lambdas, parameters and `*` are not. */
const PARTS = new Set([
  'COLUMN_REF',
  'CONSTANT',
  'FUNCTION',
  'OPERATOR',
  'CAST',
  'CASE',
  'COMPARISON',
  'CONJUNCTION',
  'BETWEEN',
]);
/** What a lone expression leaves empty of the statement around it. */
const CLAUSES = ['where_clause', 'having', 'sample', 'qualify'];

interface Statement {
  type: string;
  select_list: unknown[];
  from_table: { type: string };
  modifiers: unknown[];
  group_expressions: unknown[];
  cte_map: { map: unknown[] };
}

/** The expression was refused; nothing of it was run. */
export class WrongExpression extends TerminalError {
  /** @param column with its table */
  constructor(column: string, expected: string, got: string) {
    super('COLUMN_EXPRESSION', `${column}: expected ${expected} in its expression, got ${got}`);
  }
}

/**
 * Reads an expression by the engine's own parser, which runs nothing, and answers with the names of the columns that it
 * refers to.
 *
 * @param column for messages, with its table
 * @throws WrongExpression for anything but one expression of columns, constants and functions that always say the same
 */
export async function parseExpression(
  connection: DuckDBConnection,
  expression: string,
  column: string,
): Promise<string[]> {
  const [row] = await run(connection, `SELECT json_serialize_sql(${literal(asQuery(expression))}) AS parsed`);
  const parsed = JSON.parse(String(row!['parsed'])) as {
    error: boolean;
    error_message?: string;
    statements?: { node: Statement }[];
  };
  if (parsed.error) throw new WrongExpression(column, 'SQL', parsed.error_message ?? 'something else');
  const [only, ...more] = parsed.statements ?? [];
  if (!only || more.length > 0 || !isBare(only.node)) {
    throw new WrongExpression(column, 'one expression', 'more than that');
  }
  const names = new Set<string>();
  readPart(only.node.select_list[0], names, column);
  return [...names];
}

/** The line ends keep a comment inside. */
const asQuery = (expression: string) => `SELECT (\n${expression}\n)`;

function isBare(node: Statement): boolean {
  const clauses = node as unknown as Record<string, unknown>;
  return (
    node.type === 'SELECT_NODE' &&
    node.select_list.length === 1 &&
    node.from_table.type === 'EMPTY' &&
    [node.modifiers, node.group_expressions, node.cte_map.map].every((list) => list.length === 0) &&
    CLAUSES.every((name) => clauses[name] === null)
  );
}

interface Part {
  class: string;
  function_name?: string;
  column_names?: string[];
  schema?: string;
  catalog?: string;
  filter?: unknown;
  distinct?: boolean;
  order_bys?: { orders: unknown[] };
}

function readPart(value: unknown, names: Set<string>, column: string): void {
  if (Array.isArray(value)) for (const item of value) readPart(item, names, column);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  const part = value as Part;
  if (part.class !== undefined && !PARTS.has(part.class)) {
    const got = part.class.toLowerCase().replaceAll('_', ' ');
    throw new WrongExpression(column, 'columns of the row, constants and functions', `a ${got}`);
  }
  if (part.class === 'CONSTANT') return;
  if (part.class === 'FUNCTION') checkFunction(part, column);
  if (part.class === 'COLUMN_REF') names.add(checkName(part.column_names ?? [], column));
  for (const [key, inner] of Object.entries(part)) {
    // A type's name refers to nothing of the row.
    if (key !== 'cast_type') readPart(inner, names, column);
  }
}

function checkFunction(part: Part, column: string): void {
  const name = part.function_name?.toLowerCase() ?? '';
  // What the parser itself makes of signs such as [1] and {a: 1} stands in the schema main.
  const isPlain =
    ['', 'main'].includes(part.schema ?? '') &&
    !part.catalog &&
    !part.filter &&
    !part.distinct &&
    (part.order_bys?.orders.length ?? 0) === 0;
  if (isPlain && EXPRESSION_FUNCTIONS.has(name)) return;
  const expected = 'functions that look at one row and always say the same (see docs/yaml.md)';
  const whole = [part.catalog, part.schema, name].filter(Boolean).join('.');
  throw new WrongExpression(column, expected, `${whole}()`);
}

function checkName(parts: string[], column: string): string {
  if (parts.length === 1) return parts[0]!;
  throw new WrongExpression(column, 'names of columns', parts.join('.'));
}
