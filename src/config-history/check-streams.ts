import { checkForEach } from './check-for-each.js';
import { checkSource } from './check-source.js';
import type { Fault } from './fault.js';
import { parseColumnType } from './parse-column-type.js';
import { keysOf } from './shape/key.js';
import type { PipelineShape } from './shape/pipeline-shape.js';
import { StreamShape } from './shape/stream-shape.js';
import { COLUMN_NAME } from './shape/schema-shape.js';
import { defaultOutput, defaultTable } from './stream-names.js';

type Path = (string | number)[];

const MAX_COLUMNS = 1600;
const MAX_COLUMN_BYTES = 63;
const DATED_TYPES = new Set(['date', 'time', 'timestamp', 'timestamptz']);

/** Checks what keys mean together. Copes with values that break their own rules: those were told of already. */
export function checkStreams(root: PipelineShape): Fault[] {
  const streams = listStreams(root);
  return [
    ...checkPlacement(root),
    ...streams.flatMap(({ stream, path }) => checkStream(stream, path)),
    ...checkForEach(
      streams.flatMap((placed) => {
        const table = tableOf(placed.stream, root.pipeline);
        return table === null ? [] : [{ ...placed, table }];
      }),
    ),
    ...checkUnique(streams, root.pipeline, { key: 'table', nameOf: tableOf }),
    ...checkUnique(streams, root.pipeline, { key: 'output', nameOf: outputOf }),
  ];
}

interface PlacedStream {
  stream: StreamShape;
  path: Path;
}

function listStreams(root: PipelineShape): PlacedStream[] {
  if (root.streams === undefined) return [{ stream: root, path: [] }];
  if (!Array.isArray(root.streams)) return [];
  return root.streams.flatMap((stream, index) =>
    stream instanceof StreamShape ? [{ stream, path: ['streams', index] }] : [],
  );
}

function checkPlacement(root: PipelineShape): Fault[] {
  if (root.streams === undefined) return [];
  const values = root as unknown as Record<string, unknown>;
  return keysOf(StreamShape)
    .filter(({ name }) => values[name] !== undefined)
    .map(({ name }) => ({
      path: [name],
      message: `expected ${name} inside an entry of streams, got it beside streams`,
      at: 'key' as const,
    }));
}

function checkStream(stream: StreamShape, path: Path): Fault[] {
  const faults: Fault[] = [];
  if (stream.sources === undefined) {
    const what = path.length === 0 ? 'sources (or streams)' : 'sources';
    const message = `expected ${what} with at least one entry, got nothing`;
    faults.push({ path: [...path, 'sources'], message, at: 'missing' });
  }
  if (stream.strict_mode !== undefined && stream.schema?.strict_mode !== undefined) {
    const message = 'expected strict_mode once, got it here and in schema';
    faults.push({ path: [...path, 'strict_mode'], message, at: 'key' });
  }
  const sources = Array.isArray(stream.sources) ? stream.sources : [];
  sources.forEach((source, index) => {
    faults.push(...checkSource(source, [...path, 'sources', index]));
  });
  return [...faults, ...checkColumns(stream, path)];
}

function checkColumns(stream: StreamShape, path: Path): Fault[] {
  const columns = stream.schema?.columns;
  if (!(columns instanceof Map)) return [];
  const place = [...path, 'schema', 'columns'];
  const faults: Fault[] = [];
  if (columns.size > MAX_COLUMNS) {
    faults.push({ path: place, message: `expected at most ${MAX_COLUMNS} columns, got ${columns.size}` });
  }
  const taken = new Map<string, string>();
  for (const [name, column] of columns) {
    const message = checkColumnName(name, taken.get(name.toLowerCase()));
    if (message) faults.push({ path: [...place, name], message, at: 'key' });
    taken.set(name.toLowerCase(), name);
    if (column.formats !== undefined && !isDated(column.type)) {
      const text = `expected formats only for date, time, timestamp and timestamptz, got them for ${column.type}`;
      faults.push({ path: [...place, name, 'formats'], message: text, at: 'key' });
    }
  }
  return faults;
}

/** A type that cannot be read was told of already. */
function isDated(type: unknown): boolean {
  const parsed = typeof type === 'string' ? parseColumnType(type) : null;
  return !parsed || 'problem' in parsed || DATED_TYPES.has(parsed.type);
}

function checkColumnName(name: string, other: string | undefined): string | undefined {
  if (!COLUMN_NAME.test(name) || Buffer.byteLength(name) > MAX_COLUMN_BYTES) {
    const shown = JSON.stringify(name.length > 64 ? `${name.slice(0, 64)}…` : name);
    return `expected a column name of letters, digits and _ (at most 63 bytes, no digit first), got ${shown}`;
  }
  return other && `expected column names that differ in more than case, got "${other}" and "${name}"`;
}

interface UniqueName {
  key: 'table' | 'output';
  nameOf(stream: StreamShape, pipeline: string | undefined): string | null;
}

function checkUnique(
  streams: PlacedStream[],
  pipeline: string | undefined,
  { key, nameOf }: UniqueName,
): Fault[] {
  const firsts = new Map<string, number>();
  return streams.flatMap(({ stream, path }, index) => {
    const name = nameOf(stream, pipeline);
    if (name === null) return [];
    const first = firsts.get(name);
    if (first === undefined) {
      firsts.set(name, index);
      return [];
    }
    // Outputs named after one table: the table was told of.
    if (stream[key] === undefined && streams[first]?.stream[key] === undefined && key === 'output') return [];
    const message = `expected another ${key} for each stream, got "${name}" here and in streams[${first}]`;
    return [
      {
        path: [...path, key],
        message,
        at: stream[key] === undefined ? ('missing' as const) : ('value' as const),
      },
    ];
  });
}

function tableOf(stream: StreamShape, pipeline: string | undefined): string | null {
  const table = stream.table ?? defaultTable(pipeline);
  return typeof table === 'string' ? table : null;
}

function outputOf(stream: StreamShape, pipeline: string | undefined): string | null {
  if (stream.output !== undefined) return typeof stream.output === 'string' ? stream.output : null;
  const table = tableOf(stream, pipeline);
  return table === null ? null : defaultOutput(table);
}
