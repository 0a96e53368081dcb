import { checkColumns } from './check-columns.js';
import { checkConstraints } from './check-constraints.js';
import { checkForEach } from './check-for-each.js';
import { checkOrder } from './check-order.js';
import { checkSource } from './check-source.js';
import { checkWrite } from './check-write.js';
import { checkTransforms } from './check-transforms.js';
import type { Fault } from './fault.js';
import { keysOf } from './shape/key.js';
import type { PipelineShape } from './shape/pipeline-shape.js';
import { StreamShape } from './shape/stream-shape.js';
import { defaultOutput, defaultTable } from './stream-names.js';

type Path = (string | number)[];

/** Checks what keys mean together. Copes with values that break their own rules: those were told of already. */
export function checkStreams(root: PipelineShape): Fault[] {
  const streams = listStreams(root);
  const named = streams.flatMap((placed) => {
    const table = tableOf(placed.stream, root.pipeline);
    return table === null ? [] : [{ ...placed, table }];
  });
  return [
    ...checkPlacement(root),
    ...streams.flatMap(({ stream, path }) => checkStream(stream, path)),
    ...checkForEach(named),
    ...checkConstraints(named),
    ...checkOrder(named, root.target?.schema),
    ...checkTransforms(
      root.transform,
      named.map(({ table }) => table),
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
  const columns = checkColumns(stream.schema?.columns, [...path, 'schema', 'columns']);
  return [...faults, ...columns, ...checkWrite(stream, path)];
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
