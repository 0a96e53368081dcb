import { literal, readPath } from './engine.js';
import type { PlannedColumn } from './plan-columns.js';
import { readGathered } from './read-gathered.js';
import { readPages, sharePages } from './read-pages.js';
import { columnText, extraRoom, PLACE, scanJson, type ReadableFile } from './readable-file.js';
import { scanDelimited } from './scan-delimited.js';
import { fewAtATime, VECTOR_ROWS } from './stage-parquet.js';

/** Most files in one scan, so that a statement's text stays small. */
const FILES_A_SCAN = 2000;

/**
 * One relation over all files: `r0`, `r1`, … hold the planned columns' texts, NULL where a file has no such column;
 * `#file` is the file's index, the places are NULL where they are not known, `#raw` is the record as JSON for Parquet.
 * Each file's records stand together and in their order.
 *
 * @param rows of a Parquet file that are read at a time, at most
 */
export function readFiles(files: ReadableFile[], columns: PlannedColumn[], rows = VECTOR_ROWS): string {
  if (files.length === 0) return emptyRelation(columns.length);
  const own = groupFiles(
    files.filter(({ page }) => page === null),
    columns,
  ).map((group) => ({ first: group[0]!.index, sql: readGroup(group, columns, rows) }));
  const isGathered = ({ page, format }: ReadableFile) => page !== null && format === 'csv';
  const gathered = [...Map.groupBy(files.filter(isGathered), ({ path }) => path).values()].map((group) => ({
    first: group[0]!.index,
    sql: readGathered(group, columns),
  }));
  const shared = sharePages(
    files.filter((file) => file.page !== null && !isGathered(file)),
    columns,
  ).map((group) => ({ first: group.pages[0]!.index, sql: readPages(group, columns) }));
  const scans = [...own, ...gathered, ...shared].sort((a, b) => a.first - b.first);
  return scans.map(({ sql }) => sql).join('\nUNION ALL\n');
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
    const stated = marked.map(({ numbersIn }) => numbersIn.get(file.index));
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

function readGroup(group: ReadableFile[], columns: PlannedColumn[], rows: number): string {
  const first = group[0]!;
  const texts = columns.map((column, n) => {
    const position = column.positions[first.index];
    return `${position === undefined ? 'NULL::VARCHAR' : columnText(first, position, column)} AS r${n}`;
  });
  const places = PLACE.map((name) => (first.isNumbered ? `"${name}"` : `NULL::BIGINT AS "${name}"`));
  const raw = first.format === 'parquet' ? rawRecord(first) : 'NULL::VARCHAR';
  const all = [...texts, `${fileOf(group)} AS "#file"`, ...places, `${raw} AS "#raw"`];
  return `SELECT ${all.join(', ')} FROM ${scan(group, rows)}`;
}

/** The values as texts, so that none loses a digit. The engine computes it for refused records alone. */
function rawRecord(file: ReadableFile): string {
  const fields = file.columns.map((name, n) => `${literal(name)}: ${file.expressions![n]!}`);
  if (fields.length === 0) return 'NULL::VARCHAR';
  return `to_json({${fields.join(', ')}})::VARCHAR`;
}

function scan(group: ReadableFile[], rows: number): string {
  const first = group[0]!;
  if (first.format === 'ndjson')
    return scanJson(
      group.map((file) => file.path),
      { places: PLACE, names: first.columns, room: extraRoom(first) },
    );
  if (first.format === 'csv') return scanDelimited(group);
  const paths = group.map((file) => readPath(file.path)).join(', ');
  const all = `read_parquet([${paths}], hive_partitioning=false)`;
  // Texts of other formats come a buffer at a time.
  return rows < VECTOR_ROWS
    ? `(${fewAtATime(`SELECT *${group.length > 1 ? ', file_index' : ''} FROM ${all}`, rows)})`
    : all;
}
