import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { cutEvenly } from './cut-evenly.js';
import { run } from './engine.js';
import type { ColumnType, TypeName } from './column-types.js';
import { MAX_DIGITS, TYPE_RULES } from './type-rules.js';
import type { PlannedColumn } from './plan-columns.js';

interface Form {
  type: TypeName;
  fits: (text: string) => string;
}

/**
 * The forms that a text can have and still be written back as it was read once it is typed. ISO 8601's other ways to
 * write one instant (`T`, `Z`, zeros behind the seconds) count as the same. In this order: the first that fits is it.
 */
const FORMS: Form[] = [
  { type: 'bigint', fits: (text) => matches(text, '0|-?[1-9][0-9]{0,17}') },
  {
    type: 'numeric',
    fits: (text) => `${matches(text, PLAIN_DECIMAL)} AND length(${text}) <= ${MAX_DIGITS}`,
  },
  { type: 'boolean', fits: (text) => `(${text} = 'true' OR ${text} = 'false')` },
  { type: 'date', fits: (text) => `${matches(text, DATE)} AND TRY_CAST(${text} AS DATE) IS NOT NULL` },
  { type: 'timestamp', fits: (text) => isInstant(text, '') },
  { type: 'timestamptz', fits: (text) => isInstant(text, '(Z|\\+00(:?00)?)') },
  {
    type: 'time',
    fits: (text) => matches(text, '([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{0,5}[1-9])?'),
  },
  { type: 'uuid', fits: (text) => matches(text, '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}') },
  { type: 'double', fits: isPrintedDouble },
];
const TEXT_BIT = 1 << FORMS.length;

/** A number as it is printed, but with zeros behind the point; a zero with a sign would lose it. */
export const PLAIN_DECIMAL = '-?[1-9][0-9]*(\\.[0-9]+)?|-?0\\.[0-9]*[1-9][0-9]*|0(\\.0+)?';
const DATE = '(000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-[0-9]{2}-[0-9]{2}';

function matches(text: string, pattern: string): string {
  return `regexp_full_match(${text}, '${pattern}')`;
}

function isInstant(text: string, zone: string): string {
  const clock = '([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?';
  return `${matches(text, `${DATE}[ T]${clock}${zone}`)} AND TRY_CAST(${text} AS TIMESTAMP) IS NOT NULL`;
}

function isPrintedDouble(text: string): string {
  const shape = matches(text, '-?[0-9](\\.[0-9]+)?e[+-][0-9]{2,3}');
  return `${shape} AND TRY_CAST(${text} AS DOUBLE)::VARCHAR = ${text}`;
}

/** Enough rows to tell most texts apart from the rest, without reading a file to its end. */
const SAMPLE = 5000;
/** Fewer rows than that are enough of a wide table: so many values. */
const SAMPLED_VALUES = 1_000_000;

interface Inference {
  /** As `readFiles` makes it. */
  relation: (columns: PlannedColumn[]) => string;
  /** Take the types that a sample has for those of all rows; whoever reads the rows must hold each against `readAssumed`. */
  assume: boolean;
  /** Columns that one statement types at most; to look at them takes less. */
  width: number;
  signal?: AbortSignal;
}

/** Columns that one statement looks at, for each column that one may type. */
const LOOKED_AT = 4;

type Look = Pick<Inference, 'relation' | 'width' | 'signal'>;

/**
 * Settles the type of every column that has none, losslessly: a value must print back as it was read, so `007` and
 * `+49…` stay text. Columns whose values are all NULL are text.
 */
export async function inferColumns(
  connection: DuckDBConnection,
  columns: PlannedColumn[],
  { relation, assume, ...look }: Inference,
): Promise<void> {
  for (const column of columns) column.type ??= column.isNested ? { name: 'json' } : statedType(column);
  const rows = Math.min(SAMPLE, Math.ceil(SAMPLED_VALUES / Math.max(columns.length, 1)));
  const sample = (open: PlannedColumn[]) => `SELECT * FROM (${relation(open)}) LIMIT ${rows}`;
  for (const [column, seen] of await lookAt(connection, columns, { ...look, relation: sample })) {
    const type = typeOf(seen);
    if (seen & TEXT_BIT) column.type = { name: 'text' };
    else if (assume && ASSUMED.includes(type))
      Object.assign(column, { type: { name: type }, isAssumed: true });
  }
  const rest = await lookAt(connection, columns, { ...look, relation });
  for (const [column, seen] of rest) column.type = { name: typeOf(seen) };
  await checkDoubles(connection, [...rest.keys()], { ...look, relation });
}

/**
 * Types whose forms one check of a value by itself can tell. Doubles are not among them: whether a plain number is one
 * depends on the others, and neither is text, which a sample without any value looks like.
 */
const ASSUMED: TypeName[] = [
  'bigint',
  'numeric',
  'boolean',
  'date',
  'timestamp',
  'timestamptz',
  'time',
  'uuid',
];

/**
 * SQL of the typed value of a column whose type was taken from a sample: NULL where the text has not the form that it
 * was taken for.
 *
 * @param text SQL of the text as it was read
 */
export function readAssumed({ name }: ColumnType, text: string): string {
  const form = FORMS.find(({ type }) => type === name);
  if (!form) throw new Error(`${name} is not told by the form of a text`);
  const { assumed, read } = TYPE_RULES[name];
  return `CASE WHEN ${form.fits(text)} THEN ${assumed?.(text) ?? read(text, { name })} END`;
}

/** What all files that have the column say of it; text where they differ, null where one of them says nothing. */
function statedType({ stated }: PlannedColumn): ColumnType | null {
  if (stated.length === 0 || stated.includes(null))
    return stated.some((type) => type?.name === 'text') ? { name: 'text' } : null;
  const texts = new Set(stated.map((type) => JSON.stringify(type)));
  return texts.size === 1 ? stated[0]! : null;
}

/** The forms that the values of the columns have that are still open. */
async function lookAt(
  connection: DuckDBConnection,
  columns: PlannedColumn[],
  look: Look,
): Promise<Map<PlannedColumn, number>> {
  const open = columns.filter((column) => column.type === null);
  const forms = await aggregate(connection, open, (text) => `bit_or(${formOf(text)})`, look);
  return new Map(open.map((column, n) => [column, Number(forms[n] ?? 0)]));
}

/** Among numbers with an exponent, plain ones are doubles too only if each prints back as it stands. */
async function checkDoubles(
  connection: DuckDBConnection,
  columns: PlannedColumn[],
  look: Look,
): Promise<void> {
  const doubles = columns.filter((column) => column.type?.name === 'double');
  const fits = await aggregate(connection, doubles, (text) => `bool_and(${printsBack(text)})`, look);
  doubles.forEach((column, n) => {
    if (fits[n] === false) column.type = { name: 'text' };
  });
}

/** One value for each column, over all texts of the relation. */
async function aggregate(
  connection: DuckDBConnection,
  columns: PlannedColumn[],
  over: (text: string) => string,
  { relation, width, signal }: Look,
): Promise<DuckDBValue[]> {
  const values: DuckDBValue[] = [];
  for (const some of cutEvenly(columns, width * LOOKED_AT)) {
    const each = some.map((_, n) => `${over(`r${n}`)} AS f${n}`);
    const [row] = await run(connection, `SELECT ${each.join(', ')} FROM (${relation(some)})`, signal);
    values.push(...some.map((_, n) => row?.[`f${n}`] ?? null));
  }
  return values;
}

/** PostgreSQL writes doubles of 1e15 and more with an exponent, DuckDB does not. */
function printsBack(text: string): string {
  const printed = `regexp_replace(TRY_CAST(${text} AS DOUBLE)::VARCHAR, '\\.0$', '')`;
  return `coalesce(${printed} = ${text} AND (contains(${text}, 'e') OR abs(TRY_CAST(${text} AS DOUBLE)) < 1e15), true)`;
}

function formOf(text: string): string {
  const cases = FORMS.map(({ fits }, n) => `WHEN ${fits(text)} THEN ${1 << n}`);
  return `CASE WHEN ${text} IS NULL THEN 0 ${cases.join(' ')} ELSE ${TEXT_BIT} END`;
}

/** The narrowest type that holds all the forms seen. */
function typeOf(seen: number): TypeName {
  const types = FORMS.filter((_, n) => seen & (1 << n)).map(({ type }) => type);
  if (seen === 0 || seen & TEXT_BIT) return 'text';
  if (types.length === 1) return types[0]!;
  const holders: TypeName[] = ['numeric', 'double'];
  return holders.find((holder) => types.every((type) => HOLDS[holder]!.includes(type))) ?? 'text';
}

const HOLDS: Partial<Record<TypeName, TypeName[]>> = {
  numeric: ['bigint', 'numeric'],
  double: ['bigint', 'numeric', 'double'],
};
