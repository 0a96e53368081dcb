/**
 * A column's type, in the words of the YAML: `text`, `varchar(n)`, `smallint`, `integer`, `bigint`, `numeric`,
 * `numeric(p,s)`, `real`, `double`, `boolean`, `date`, `time`, `timestamp`, `timestamptz`, `uuid`, `json`.
 */
export interface ColumnType {
  name: TypeName;
  /** `varchar`: most characters. */
  length?: number;
  /** `numeric`: digits in all, 1 to 1000; absent: any. */
  precision?: number;
  /** `numeric`: digits after the point, 0 to precision. */
  scale?: number;
}

export type TypeName =
  | 'text'
  | 'varchar'
  | 'smallint'
  | 'integer'
  | 'bigint'
  | 'numeric'
  | 'real'
  | 'double'
  | 'boolean'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'timestamptz'
  | 'uuid'
  | 'json';

const PLAIN: ReadonlySet<string> = new Set<TypeName>([
  'text',
  'smallint',
  'integer',
  'bigint',
  'numeric',
  'real',
  'double',
  'boolean',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'uuid',
  'json',
]);

/**
 * Reads a canonical type text (`numeric(12,2)`, `varchar(40)`, `bigint`); aliases are replaced before, by config-history.
 *
 * @throws RangeError when the text is none of the types
 */
export function parseColumnType(text: string): ColumnType {
  const [, name = '', first, second] =
    /^([a-z]+)(?:\((\d+)(?:,(\d+))?\))?$/.exec(text.replaceAll(' ', '')) ?? [];
  if (name === 'varchar' && first && !second) return { name, length: Number(first) };
  if (name === 'numeric' && first) {
    return { name, precision: Number(first), scale: second ? Number(second) : 0 };
  }
  if (PLAIN.has(name) && !first) return { name: name as TypeName };
  throw new RangeError(`expected a column type such as text or numeric(12,2), got "${text}"`);
}

/** The type in the words of the YAML, e.g. `numeric(12,2)`. */
export function formatColumnType(type: ColumnType): string {
  if (type.name === 'varchar') return `varchar(${type.length})`;
  if (type.name === 'numeric' && type.precision !== undefined)
    return `numeric(${type.precision},${type.scale ?? 0})`;
  return type.name;
}

const NUMERIC_DIGITS: Partial<Record<TypeName, number>> = { smallint: 5, integer: 10, bigint: 19 };

/** Types that hold every value of the type on the left exactly. */
const WIDER: Partial<Record<TypeName, TypeName[]>> = {
  smallint: ['integer', 'bigint', 'real', 'double'],
  integer: ['bigint', 'double'],
  real: ['double'],
  varchar: ['text'],
};

/** Whether a column of type `to` takes every value of type `from` as it is. */
export function fits(from: ColumnType, to: ColumnType): boolean {
  if (to.name === 'numeric') return fitsNumeric(from, to);
  if (from.name === 'varchar' && to.name === 'varchar')
    return (from.length ?? Infinity) <= (to.length ?? Infinity);
  return from.name === to.name || (WIDER[from.name]?.includes(to.name) ?? false);
}

function fitsNumeric(from: ColumnType, to: ColumnType): boolean {
  const integerDigits = NUMERIC_DIGITS[from.name];
  if (from.name !== 'numeric' && integerDigits === undefined) return false;
  if (to.precision === undefined) return true;
  const scale = from.scale ?? 0;
  const precision = integerDigits ?? from.precision;
  if (precision === undefined) return false;
  const toScale = to.scale ?? 0;
  return scale <= toScale && precision - scale <= to.precision - toScale;
}

/** What a column becomes, step by step, when its type does not hold a value. JSON is printed anew by the database. */
const STEPS: Partial<Record<TypeName, TypeName>> = {
  smallint: 'integer',
  integer: 'bigint',
  bigint: 'numeric',
  numeric: 'text',
  real: 'double',
  double: 'text',
  varchar: 'text',
  boolean: 'text',
  date: 'text',
  time: 'text',
  timestamp: 'text',
  timestamptz: 'text',
  uuid: 'text',
};

/** The next type that holds every value of this one and prints it as before; null: there is none. */
export function nextWider(type: ColumnType): ColumnType | null {
  if (type.name === 'numeric' && type.precision !== undefined) return { name: 'numeric' };
  const name = STEPS[type.name];
  return name ? { name } : null;
}

/** Whether a column may go from one type to another without a value that is lost or narrowed. */
export function isWidening(from: ColumnType, to: ColumnType): boolean {
  if (fits(to, from)) return false;
  return to.name === 'text' ? nextWider(from) !== null : fits(from, to);
}
