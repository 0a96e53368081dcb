import { columnsOf } from './check-placeholders.js';
import type { Fault } from './fault.js';
import { findImpossible } from './find-impossible.js';
import { didYouMean, nearestWord } from '../nearest-word.js';
import { ApiSourceShape } from './shape/api-source-shape.js';
import { ForEachShape } from './shape/api-series-shape.js';
import { isPlainMap } from './shape/key.js';
import type { StreamShape } from './shape/stream-shape.js';

type Path = (string | number)[];

/** A stream by its table, and where it stands. */
export interface NamedStream {
  table: string;
  stream: StreamShape;
  path: Path;
}

interface Use {
  child: NamedStream;
  forEach: ForEachShape;
  /** Of `for_each`. */
  path: Path;
}

/** Checks that each `for_each` names another stream that can be loaded first, and columns that it can have. */
export function checkForEach(streams: NamedStream[]): Fault[] {
  const byTable = new Map(streams.map((stream) => [stream.table, stream]));
  const uses = streams.flatMap(findUses);
  return [
    ...uses.flatMap((use) => checkParent(use, byTable)),
    ...uses.flatMap((use) => checkInclude(use)),
    ...uses.flatMap((use) => checkReplace(use, uses, byTable)),
  ];
}

/** Behind a cursor a run reads only the parents that are new, and asks for the children of no others. */
function checkReplace(
  { child, forEach, path }: Use,
  uses: Use[],
  byTable: Map<string, NamedStream>,
): Fault[] {
  if (child.stream.write !== 'replace') return [];
  const above = new Set([forEach.stream]);
  // A set also gives what is added to it meanwhile.
  for (const table of above)
    for (const use of uses) if (use.child.table === table) above.add(use.forEach.stream);
  const partial = [...above].find((table) => hasCursor(byTable.get(table)?.stream));
  if (partial === undefined) return [];
  const message =
    `expected parents without a cursor with write: replace, since the table would keep only the rows of new parents, ` +
    `got "${partial}", which has one; use upsert or append`;
  return [{ path: [...path, 'stream'], message }];
}

function hasCursor(stream: StreamShape | undefined): boolean {
  const sources: unknown[] = Array.isArray(stream?.sources) ? stream.sources : [];
  return sources.some((source) => source instanceof ApiSourceShape && source.cursor !== undefined);
}

function findUses(child: NamedStream): Use[] {
  const sources: unknown[] = Array.isArray(child.stream.sources) ? child.stream.sources : [];
  return sources.flatMap((source, index) => {
    const forEach = (source as { for_each?: unknown }).for_each;
    if (!(forEach instanceof ForEachShape) || typeof forEach.stream !== 'string') return [];
    return [{ child, forEach, path: [...child.path, 'sources', index, 'for_each'] }];
  });
}

function checkParent({ child, forEach, path }: Use, byTable: Map<string, NamedStream>): Fault[] {
  const name = forEach.stream;
  const parent = byTable.get(name);
  const place = [...path, 'stream'];
  if (name === child.table) {
    return [
      { path: place, message: `expected the table of another stream, got "${name}", the stream itself` },
    ];
  }
  if (parent) return checkColumns({ child, forEach, path }, parent);
  const others = [...byTable.keys()].filter((table) => table !== child.table);
  const near = nearestWord(name, others);
  const got = others.length === 0 ? `"${name}", and there is no other` : `"${name}"${didYouMean(near)}`;
  return [{ path: place, message: `expected the table of another stream of this pipeline, got ${got}` }];
}

function checkColumns({ forEach, path }: Use, parent: NamedStream): Fault[] {
  const included = includedOf(forEach).map(([column]) => column);
  return [
    ...columnsOf(forEach).map((column) => ['field', column] as const),
    ...included.map((column) => ['include', column] as const),
  ].flatMap(([key, column]) => {
    const message = findImpossible(parent, column);
    return message === undefined ? [] : [{ path: [...path, key], message }];
  });
}

/** Columns of the parent, each with the name that it gets in the record. */
function includedOf({ include }: ForEachShape): [string, unknown][] {
  if (isPlainMap(include)) return Object.entries(include);
  const names: unknown[] = Array.isArray(include) ? include : [];
  return names.flatMap((name) => (typeof name === 'string' ? [[name, name] as [string, unknown]] : []));
}

function checkInclude({ child, forEach, path }: Use): Fault[] {
  const source = child.stream.sources?.[Number(path.at(-2))] as { fields?: unknown } | undefined;
  const taken = new Set(isPlainMap(source?.fields) ? Object.keys(source.fields) : []);
  return includedOf(forEach).flatMap(([column, name]) => {
    if (typeof name !== 'string') return [];
    const isTaken = taken.has(name);
    taken.add(name);
    if (!isTaken) return [];
    const message = `expected a name that the record does not have yet for ${column} of the parent, got "${name}"`;
    return [{ path: [...path, 'include', column], message }];
  });
}
