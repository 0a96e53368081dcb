import { createReadStream } from 'node:fs';
import type { ApiSourceConfig } from '../../../config-history/api-source-config.js';
import { cursorStart } from './api-cursor.js';
import type { ApiRequest } from '../api-request.js';
import { buildRequest, UnfitParent } from './build-request.js';
import type { FetchRequest } from '../fetch-request.js';
import type { TemplateValues } from './fill-template.js';
import { timeWindows } from './time-windows.js';

/** One series of pages: what is asked for one parent and one window of time. */
export interface Partition {
  /** From 1, in the order of parents and windows. */
  number: number;
  /** Whose cursor it is, see `CursorValue`. */
  key: string;
  /** The request that all its pages begin with. */
  base: ApiRequest;
  /** What is added to each record, by the record's name. */
  include: Readonly<Record<string, IncludedValue>>;
}

export interface IncludedValue {
  value: string | null;
  /** The parent's column. */
  column: string;
}

export interface PartitionOptions {
  /** Where time windows end, in milliseconds since the epoch. */
  now: number;
  /** Told of a parent, by its line, that is skipped because a column that is needed is null. */
  onNull: (line: number, column: string) => void;
  /** Told of a parent that is skipped because its values cannot stand where the config puts them. */
  onUnfit: (line: number, reason: string) => void;
}

type Row = Readonly<Record<string, string | null>>;

/** Whether a source has one series of pages, whatever its parents and the time. */
export function isSingle({ forEach, cursor }: ApiSourceConfig): boolean {
  return forEach === null && (cursor?.stepSeconds ?? null) === null;
}

/** The series of a source one after the other; parents are read as they are asked for. */
export async function* listPartitions(
  request: FetchRequest,
  { now, onNull, onUnfit }: PartitionOptions,
): AsyncGenerator<Partition> {
  const { source, cursors } = request;
  let number = 0;
  let line = 0;
  for await (const row of readParents(request)) {
    line++;
    const parent = row === null ? null : pick(row, source.forEach?.columns ?? []);
    const empty = Object.entries(parent ?? {}).find(([, value]) => value === null);
    if (empty !== undefined) {
      onNull(line, empty[0]);
      continue;
    }
    const key = parent === null ? '' : JSON.stringify(Object.values(parent));
    try {
      for (const cursor of cursorSpans(source, cursors.get(key) ?? null, now)) {
        const base = buildRequest(source, { parent, cursor });
        yield { number: ++number, key, base, include: includedOf(source, row) };
      }
    } catch (error) {
      if (!(error instanceof UnfitParent)) throw error;
      onUnfit(line, error.message);
    }
  }
}

async function* readParents({ parents, signal }: FetchRequest): AsyncGenerator<Row | null> {
  if (parents === null) {
    yield null;
    return;
  }
  let rest = '';
  // Not readline: it would split at U+2028 too, which JSON leaves as it is.
  for await (const chunk of createReadStream(parents, { encoding: 'utf8', signal })) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line) as Row;
  }
  if (rest !== '') yield JSON.parse(rest) as Row;
}

function* cursorSpans(
  { cursor }: ApiSourceConfig,
  stored: string | null,
  now: number,
): Generator<TemplateValues['cursor']> {
  if (cursor === null) return yield null;
  const start = cursorStart(cursor, stored);
  if (cursor.stepSeconds === null) return yield { start, end: null };
  yield* timeWindows(cursor, start, now);
}

function pick(row: Row, columns: readonly string[]): Row {
  return Object.fromEntries(columns.map((column) => [column, row[column] ?? null]));
}

function includedOf({ forEach }: ApiSourceConfig, row: Row | null): Partition['include'] {
  const names = Object.entries(forEach?.include ?? {});
  return Object.fromEntries(names.map(([column, name]) => [name, { column, value: row?.[column] ?? null }]));
}
