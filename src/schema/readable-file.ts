import { identifier, literal, readPath } from './engine.js';
import type { PlannedColumn } from './plan-columns.js';
import type { Dialect, LandedText } from './stage-request.js';

/** A file as the engine reads it: where, and how many columns stand before the data. */
export interface ReadableFile {
  /** Index among the stage's files. */
  index: number;
  path: string;
  /** Its number in a landed file that it shares with others; null: `path` is its own. */
  page: number | null;
  format: LandedText['format'];
  dialect: Dialect | null;
  /** Names in the source, in order. */
  columns: string[];
  /** Parquet: each column's value as text. */
  expressions: string[] | null;
  /** Each record begins with its `#line`, `#at` and `#length`. */
  isNumbered: boolean;
  /** Bytes of the longest record where it is known, else 0. */
  longest: number;
}

/** Places of a record in its source, where the landed form carries them. */
export const PLACE = ['#line', '#at', '#length'] as const;

/** Default of DuckDB's CSV reader. */
export const LINE_SIZE = 2 << 20;
/**
 * How many such lines a buffer of it holds. By default sixteen: 32 MiB for each thread and what it reads ahead. More
 * than the longest record that `lookAtRecords` lets pass.
 */
export const LINES_A_BUFFER = 4;
/** What a record needs beyond the usual; 0 for nearly all files, so that they can share a scan. */
export const extraRoom = ({ longest }: ReadableFile) => (longest * 2 > LINE_SIZE ? longest * 2 : 0);

/** One that would be read as 1234 if it were a text with a decimal comma. */
const TWOFOLD = literal(String.raw`-?[1-9][0-9]{0,2}\.[0-9]{3}`);

/**
 * SQL of a column's text. Where texts have a decimal comma, numbers are written with one too; where numbers stand among
 * texts, what may be either becomes a text that no number is written as.
 */
export function columnText(file: ReadableFile, position: number, column: PlannedColumn): string {
  const text = textOf(file, position, column);
  const numbers = column.cleaning?.decimal === ',' ? column.numbersIn.get(file.index) : undefined;
  if (numbers === 'all') return `replace(${text}, '.', ',')`;
  const isTwofold = `regexp_full_match(${text}, ${TWOFOLD})`;
  return numbers === 'some'
    ? `CASE WHEN ${isTwofold} THEN ${text} || ' (number or text)' ELSE ${text} END`
    : text;
}

function textOf(file: ReadableFile, position: number, column: PlannedColumn): string {
  if (file.format === 'csv') return `c${position}`;
  if (file.format === 'parquet') return file.expressions![position]!;
  const text = identifier(file.columns[position]!);
  if (column.type?.name !== 'json') return text;
  // Strings are landed bare; among objects and arrays they have to be JSON again.
  return `CASE WHEN json_valid(${text}) THEN ${text} ELSE to_json(${text})::VARCHAR END`;
}

/** Each of the engine's threads has a buffer of twice that. */
const OBJECT_SIZE = 2 << 20;

/** @param columns.places numbers that stand before the data; `room`: see `extraRoom` */
export function scanJson(
  paths: readonly string[],
  { places, names, room }: { places: readonly string[]; names: readonly string[]; room: number },
): string {
  const numbers = places.map((name) => `'${name}': 'BIGINT'`);
  const texts = names.map((name) => `${literal(name)}: 'VARCHAR'`);
  const options = [
    'hive_partitioning=false',
    'auto_detect=false',
    `format='newline_delimited'`,
    `compression='uncompressed'`,
    `maximum_object_size=${OBJECT_SIZE + room}`,
    `columns={${[...numbers, ...texts].join(', ')}}`,
  ];
  return `read_json([${paths.map(readPath).join(', ')}], ${options.join(', ')})`;
}
