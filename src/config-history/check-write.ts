import type { Fault } from './fault.js';
import { ApiSourceShape } from './shape/api-source-shape.js';
import type { StreamShape } from './shape/stream-shape.js';
import { WRITE_MODES, type WriteModeName } from './shape/write-rules.js';

type Path = (string | number)[];

/** Keys that mean something with some modes only. */
const KEYS_OF_MODES: [keyof StreamShape, WriteModeName[]][] = [
  ['key', ['append', 'upsert', 'scd2', 'replace']],
  ['order_by', ['upsert', 'scd2', 'replace']],
  ['min_rows', ['replace']],
  ['max_shrink', ['replace']],
  ['valid_from', ['scd2']],
  ['valid_to', ['scd2']],
  ['duplicates', ['append', 'replace']],
];

/** Checks what a stream's write mode and the other keys mean together. */
export function checkWrite(stream: StreamShape, path: Path): Fault[] {
  const mode = stream.write ?? 'append';
  // Another word was told of already.
  if (!WRITE_MODES.includes(mode)) return [];
  return [
    ...checkMisplaced(stream, mode, path),
    ...checkKey(stream, mode, path),
    ...checkDeclared(stream, path),
    ...checkHistory(stream, mode, path),
    ...checkSources(stream, mode, path),
    ...checkChildTables(stream, mode, path),
  ];
}

function checkMisplaced(stream: StreamShape, mode: WriteModeName, path: Path): Fault[] {
  const wrong = KEYS_OF_MODES.filter(([key, modes]) => stream[key] !== undefined && !modes.includes(mode));
  return wrong.map(([key, modes]) => {
    const message = `expected ${key} only with write: ${listWords(modes)}, got it with ${mode}`;
    return { path: [...path, key], message, at: 'key' };
  });
}

function checkKey(stream: StreamShape, mode: WriteModeName, path: Path): Fault[] {
  const { key, order_by: orderBy, duplicates } = stream;
  if (key === undefined && (mode === 'upsert' || mode === 'scd2')) {
    const message = `expected the columns that tell rows apart, which write: ${mode} needs, got nothing`;
    return [{ path: [...path, 'key'], message, at: 'missing' }];
  }
  if (key === undefined && orderBy !== undefined && mode === 'replace') {
    const message = 'expected order_by only with key, got it without';
    return [{ path: [...path, 'order_by'], message, at: 'key' }];
  }
  if (key !== undefined && duplicates !== undefined && mode === 'replace') {
    const message = 'expected duplicates only without key, got both; a key has one row';
    return [{ path: [...path, 'duplicates'], message, at: 'key' }];
  }
  return [];
}

/** The rows of a child table are known by the row that they belong to, of which there must be one. */
function checkChildTables(stream: StreamShape, mode: WriteModeName, path: Path): Fault[] {
  if (stream.child_tables !== true) return [];
  if (stream.key === undefined) {
    const message = 'expected the columns that tell rows apart, which child_tables needs, got nothing';
    return [{ path: [...path, 'key'], message, at: 'missing' }];
  }
  if (mode === 'upsert' && stream.order_by !== undefined) {
    const message =
      'expected no order_by beside child_tables with write: upsert, got both; the newest record counts';
    return [{ path: [...path, 'order_by'], message, at: 'key' }];
  }
  if (mode !== 'scd2' && mode !== 'insert') return [];
  const message = `expected child_tables with write: append, upsert or replace, got it with ${mode}`;
  return [{ path: [...path, 'child_tables'], message, at: 'key' }];
}

/** What strict mode leaves out cannot be a key; without it the sources may bring the column. */
function checkDeclared(
  { key, order_by: orderBy, schema, strict_mode: strict }: StreamShape,
  path: Path,
): Fault[] {
  const columns = schema?.columns;
  if (!(strict ?? schema?.strict_mode) || !(columns instanceof Map)) return [];
  const names = Array.isArray(key) ? key.map((name, index) => ({ name, at: ['key', index] })) : [];
  return [...names, { name: orderBy, at: ['order_by'] }].flatMap(({ name, at }) => {
    if (typeof name !== 'string' || columns.has(name)) return [];
    const message = `expected a column of the schema, which strict_mode keeps to, got "${name}"`;
    return [{ path: [...path, ...at], message }];
  });
}

function checkHistory(stream: StreamShape, mode: WriteModeName, path: Path): Fault[] {
  if (mode !== 'scd2') return [];
  const { valid_from: from = 'valid_from', valid_to: to = 'valid_to', schema } = stream;
  if (from === to) {
    const message = `expected another column than valid_from, got "${to}" for both`;
    return [{ path: [...path, 'valid_to'], message }];
  }
  const columns = schema?.columns;
  if (!(columns instanceof Map)) return [];
  return [from, to]
    .filter((name) => columns.has(name))
    .map((name) => ({
      path: [...path, 'schema', 'columns', name],
      message: `expected no column ${name}, in which write: scd2 keeps since and until when a row holds; name another by valid_from and valid_to`,
      at: 'key',
    }));
}

/** Pages of an API begin elsewhere each time, and with a cursor they are never all there is. */
function checkSources(stream: StreamShape, mode: WriteModeName, path: Path): Fault[] {
  const sources = Array.isArray(stream.sources) ? stream.sources : [];
  return sources.flatMap((source, index): Fault[] => {
    if (!(source instanceof ApiSourceShape)) return [];
    const place = [...path, 'sources', index];
    if (mode === 'insert') {
      const message =
        'expected local sources with write: insert, which knows files by what they hold, got an API';
      return [{ path: [...place, 'type'], message }];
    }
    if (mode !== 'replace' || source.cursor === undefined) return [];
    const message =
      'expected no cursor with write: replace, since the table would keep only what is new, got one; use upsert or append';
    return [{ path: [...place, 'cursor'], message, at: 'key' }];
  });
}

const listWords = (words: string[]) =>
  words.length === 1 ? words[0]! : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
