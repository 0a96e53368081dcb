import { TerminalError } from '../errors.js';
import type { ColumnType } from './column-types.js';

/** A column of a Parquet file: what it states to be, and how its values are written as text. */
export interface ParquetColumn {
  name: string;
  type: ColumnType;
  /** SQL of the value as text, from SQL of the value. */
  text: (value: string) => string;
}

/** The engine's name of a Parquet column's type, and ours. */
const TYPES: [RegExp, ColumnType['name']][] = [
  [/^(U?TINYINT|SMALLINT)$/, 'smallint'],
  [/^(INTEGER|USMALLINT)$/, 'integer'],
  [/^(BIGINT|UINTEGER)$/, 'bigint'],
  [/^(UBIGINT|U?HUGEINT)$/, 'numeric'],
  [/^FLOAT$/, 'real'],
  [/^DOUBLE$/, 'double'],
  [/^BOOLEAN$/, 'boolean'],
  [/^DATE$/, 'date'],
  [/^TIME(_NS)?$/, 'time'],
  [/^TIMESTAMP(_S|_MS|_NS)?$/, 'timestamp'],
  [/^TIMESTAMP WITH TIME ZONE$/, 'timestamptz'],
  [/^UUID$/, 'uuid'],
  [/^(VARCHAR|ENUM\(.*\)|INTERVAL)$/s, 'text'],
];

/**
 * @param engineType as `DESCRIBE` prints it
 * @throws TerminalError `PARQUET_TYPE` for bytes, which have no text form
 */
export function parquetColumn(name: string, engineType: string): ParquetColumn {
  const decimal = /^DECIMAL\((\d+),(\d+)\)$/.exec(engineType);
  if (decimal) {
    return {
      name,
      type: { name: 'numeric', precision: Number(decimal[1]), scale: Number(decimal[2]) },
      text: asText,
    };
  }
  const plain = TYPES.find(([pattern]) => pattern.test(engineType));
  if (plain) return { name, type: { name: plain[1] }, text: asText };
  if (/^(BLOB|BIT)$/.test(engineType)) {
    throw new TerminalError(
      'PARQUET_TYPE',
      `${name}: expected text, numbers, times or nested values, got ${engineType}`,
    );
  }
  return { name, type: { name: 'json' }, text: (value) => `to_json(${value})::VARCHAR` };
}

const asText = (value: string) => `(${value})::VARCHAR`;
