import { identifier, list, literal, readPath } from './engine.js';
import type { PlannedColumn } from './plan-columns.js';
import type { Dialect, LandedText } from './stage-request.js';

/** A file as the engine reads it: where, and how many columns stand before the data. */
export interface ReadableFile {
  /** Index among the stage's files. */
  index: number;
  path: string;
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

/** Default of DuckDB's CSV reader; its buffers are sixteen times as large. */
const LINE_SIZE = 2 << 20;
/** Most files in one scan, so that a statement's text stays small. */
const FILES_A_SCAN = 2000;

/**
 * One relation over all files: `r0`, `r1`, … hold the planned columns' texts, NULL where a file has no such column;
 * `#file` is the file's index, the places are NULL where they are not known, `#raw` is the record as JSON for Parquet.
 * Each file's records stand together and in their order.
 */
export function readFiles(files: ReadableFile[], columns: PlannedColumn[]): string {
  if (files.length === 0) return emptyRelation(columns.length);
  return groupFiles(files, columns)
    .map((group) => readGroup(group, columns))
    .join('\nUNION ALL\n');
}

function emptyRelation(width: number): string {
  const texts = Array.from({ length: width }, (_, n) => `NULL::VARCHAR AS r${n}`);
  const rest = [
    '0 AS "#file"',
    ...PLACE.map((name) => `NULL::BIGINT AS "${name}"`),
    'NULL::VARCHAR AS "#raw"',
  ];
  return `SELECT ${[...texts, ...rest].join(', ')} WHERE false`;
}

/** A column of this name takes the place of the engine's own, which tells the files of a scan apart. */
const hidesFileIndex = ({ format, columns }: ReadableFile) =>
  format !== 'csv' && columns.some((name) => name.toLowerCase() === 'file_index');

/** Files that are read alike share a scan. */
function groupFiles(files: ReadableFile[], columns: PlannedColumn[]): ReadableFile[][] {
  const marked = columns.filter(({ cleaning }) => cleaning?.decimal === ',');
  const groups: ReadableFile[][] = [];
  const open = new Map<string, ReadableFile[]>();
  for (const file of files) {
    const stated = marked.map(({ numbersIn }) => numbersIn.has(file.index));
    const { format, dialect, columns: names, isNumbered } = file;
    const key = JSON.stringify([format, dialect, names, isNumbered, extraRoom(file), stated]);
    const group = hidesFileIndex(file) ? undefined : open.get(key);
    if (group && group.length < FILES_A_SCAN) group.push(file);
    else {
      groups.push([file]);
      open.set(key, groups.at(-1)!);
    }
  }
  return groups;
}

/** The file's index among the stage's, from its place in the scan. */
function fileOf(group: ReadableFile[]): string {
  const indexes = group.map((file) => file.index);
  const first = indexes[0]!;
  if (indexes.length === 1) return String(first);
  const areNeighbours = indexes.at(-1)! - first === indexes.length - 1;
  return areNeighbours ? `${first} + file_index` : `[${indexes.join(', ')}][(file_index + 1)::BIGINT]`;
}

function readGroup(group: ReadableFile[], columns: PlannedColumn[]): string {
  const first = group[0]!;
  const texts = columns.map((column, n) => {
    const position = column.positions[first.index];
    return `${position === undefined ? 'NULL::VARCHAR' : markedText(first, position, column)} AS r${n}`;
  });
  const places = PLACE.map((name) => (first.isNumbered ? `"${name}"` : `NULL::BIGINT AS "${name}"`));
  const raw = first.format === 'parquet' ? rawRecord(first) : 'NULL::VARCHAR';
  const all = [...texts, `${fileOf(group)} AS "#file"`, ...places, `${raw} AS "#raw"`];
  return `SELECT ${all.join(', ')} FROM ${scan(group)}`;
}

/** Where a column's texts have a decimal comma, numbers are written with one too. */
function markedText(file: ReadableFile, position: number, column: PlannedColumn): string {
  const text = textOf(file, position, column);
  const isNumber = column.cleaning?.decimal === ',' && column.numbersIn.has(file.index);
  return isNumber ? `replace(${text}, '.', ',')` : text;
}

function textOf(file: ReadableFile, position: number, column: PlannedColumn): string {
  if (file.format === 'csv') return `c${position}`;
  if (file.format === 'parquet') return file.expressions![position]!;
  const text = identifier(file.columns[position]!);
  if (column.type?.name !== 'json') return text;
  // Strings are landed bare; among objects and arrays they have to be JSON again.
  return `CASE WHEN json_valid(${text}) THEN ${text} ELSE to_json(${text})::VARCHAR END`;
}

/** The values as texts, so that none loses a digit. The engine computes it for refused records alone. */
function rawRecord(file: ReadableFile): string {
  const fields = file.columns.map((name, n) => `${literal(name)}: ${file.expressions![n]!}`);
  return `to_json({${fields.join(', ')}})::VARCHAR`;
}

function scan(group: ReadableFile[]): string {
  const paths = `[${group.map((file) => readPath(file.path)).join(', ')}], hive_partitioning=false`;
  const first = group[0]!;
  if (first.format === 'csv') return `read_csv(${paths}, ${csvOptions(first)})`;
  if (first.format === 'ndjson') return `read_json(${paths}, ${jsonOptions(first)})`;
  return `read_parquet(${paths})`;
}

/** What a record needs beyond the usual; 0 for nearly all files, so that they can share a scan. */
const extraRoom = ({ longest }: ReadableFile) => (longest * 2 > LINE_SIZE ? longest * 2 : 0);

function csvOptions(file: ReadableFile): string {
  const { delimiter, quote, header, nulls } = file.dialect!;
  const places = file.isNumbered ? PLACE.map((name) => `'${name}': 'BIGINT'`) : [];
  const texts = file.columns.map((_, n) => `'c${n}': 'VARCHAR'`);
  return [
    'auto_detect=false',
    `header=${header && !file.isNumbered}`,
    `delim=${literal(delimiter)}`,
    `quote=${literal(quote ?? '')}`,
    `escape=${literal(quote ?? '')}`,
    `nullstr=${list(nulls.length ? nulls : ['\u0001'])}`,
    'allow_quoted_nulls=false',
    `compression='none'`,
    'strict_mode=true',
    // What a careful scan has numbered has no faults left; in other files one is enough to want that scan.
    ...(file.isNumbered ? [`new_line='\\n'`] : ['store_rejects=true', 'rejects_limit=1']),
    `max_line_size=${LINE_SIZE + extraRoom(file)}`,
    `columns={${[...places, ...texts].join(', ')}}`,
  ].join(', ');
}

/** Each of the engine's threads has a buffer of twice that. */
const OBJECT_SIZE = 2 << 20;

function jsonOptions(file: ReadableFile): string {
  const places = PLACE.map((name) => `'${name}': 'BIGINT'`);
  const texts = file.columns.map((name) => `${literal(name)}: 'VARCHAR'`);
  return [
    'auto_detect=false',
    `format='newline_delimited'`,
    `compression='uncompressed'`,
    `maximum_object_size=${OBJECT_SIZE + extraRoom(file)}`,
    `columns={${[...places, ...texts].join(', ')}}`,
  ].join(', ');
}
