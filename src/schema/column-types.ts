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
