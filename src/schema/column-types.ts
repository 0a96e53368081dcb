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
