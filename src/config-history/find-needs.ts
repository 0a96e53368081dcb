import type { NamedStream } from './check-for-each.js';
import { parseReference } from './parse-reference.js';
import { ForEachShape } from './shape/api-series-shape.js';
import { ForeignKeyShape } from './shape/constraint-shape.js';

/** A stream that comes after another one, and the place in the config that says so. */
export interface Need {
  child: string;
  parent: string;
  path: (string | number)[];
}

/**
 * What the streams need of each other: `after`, foreign keys to tables of the pipeline, and parents of `for_each`. A
 * stream does not need itself, and tables that no stream loads are there or are not.
 *
 * @param targetSchema of the pipeline's tables; undefined where the config leaves it out
 */
export function findNeeds(streams: readonly NamedStream[], targetSchema: unknown): Need[] {
  const tables = new Set(streams.map(({ table }) => table));
  return streams.flatMap((stream) =>
    [...after(stream), ...forEach(stream), ...references(stream, targetSchema)]
      .filter(({ parent }) => parent !== stream.table && tables.has(parent))
      .map((need) => ({ child: stream.table, ...need })),
  );
}

type Found = Omit<Need, 'child'>;

function after({ stream, path }: NamedStream): Found[] {
  return list(stream.after).flatMap((parent, index) =>
    typeof parent === 'string' ? [{ parent, path: [...path, 'after', index] }] : [],
  );
}

function forEach({ stream, path }: NamedStream): Found[] {
  return list(stream.sources).flatMap((source, index) => {
    const found = (source as { for_each?: unknown } | null)?.for_each;
    if (!(found instanceof ForEachShape) || typeof found.stream !== 'string') return [];
    return [{ parent: found.stream, path: [...path, 'sources', index, 'for_each', 'stream'] }];
  });
}

function references({ stream, path }: NamedStream, targetSchema: unknown): Found[] {
  const keys = list(stream.foreign_keys).flatMap((key, index) => {
    const place = [...path, 'foreign_keys', index, 'references'];
    return key instanceof ForeignKeyShape ? [{ text: key.references as unknown, path: place }] : [];
  });
  const columns: unknown = stream.schema?.columns;
  const short = columns instanceof Map ? [...(columns as Map<string, { references?: unknown }>)] : [];
  const ofColumns = short.map(([name, column]) => {
    return { text: column.references, path: [...path, 'schema', 'columns', name, 'references'] };
  });
  return [...keys, ...ofColumns].flatMap(({ text, path: place }) => {
    const reference = typeof text === 'string' ? parseReference(text) : null;
    const isOurs = reference?.schema === undefined || reference.schema === targetSchema;
    return reference && isOurs ? [{ parent: reference.table, path: place }] : [];
  });
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
