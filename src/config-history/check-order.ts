import type { NamedStream } from './check-for-each.js';
import type { Fault } from './fault.js';
import { findNeeds, type Need } from './find-needs.js';
import { didYouMean, nearestWord } from '../nearest-word.js';

/** Checks that `after` names streams, and that no streams wait for each other. */
export function checkOrder(streams: readonly NamedStream[], targetSchema: unknown): Fault[] {
  const tables = streams.map(({ table }) => table);
  return [
    ...streams.flatMap((stream) => checkAfter(stream, tables)),
    ...checkCycles(findNeeds(streams, targetSchema)),
  ];
}

function checkAfter({ table, stream, path }: NamedStream, tables: readonly string[]): Fault[] {
  const names: unknown[] = Array.isArray(stream.after) ? stream.after : [];
  const others = tables.filter((other) => other !== table);
  return names.flatMap((name, index) => {
    if (typeof name !== 'string' || others.includes(name)) return [];
    const place = [...path, 'after', index];
    const expected = 'expected the table of another stream of this pipeline';
    if (name === table) return [{ path: place, message: `${expected}, got "${name}", the stream itself` }];
    const near = nearestWord(name, others);
    const got = others.length === 0 ? `"${name}", and there is no other` : `"${name}"${didYouMean(near)}`;
    return [{ path: place, message: `${expected}, got ${got}` }];
  });
}

/** Each cycle that a walk from children to parents meets is told once, at what makes its first stream wait. */
export function checkCycles(needs: readonly Need[], what = 'streams'): Fault[] {
  const byChild = Map.groupBy(needs, ({ child }) => child);
  const done = new Set<string>();
  const way: string[] = [];
  const walk = (table: string): Fault[] => {
    const begin = way.indexOf(table);
    if (begin >= 0) return [tellCycle(way.slice(begin), byChild, what)];
    if (done.has(table)) return [];
    way.push(table);
    const parents = new Set((byChild.get(table) ?? []).map(({ parent }) => parent));
    const faults = [...parents].flatMap(walk);
    way.pop();
    done.add(table);
    return faults;
  };
  return [...byChild.keys()].flatMap(walk);
}

function tellCycle(cycle: string[], byChild: Map<string, Need[]>, what: string): Fault {
  const [first = '', second] = cycle;
  const shown = cycle.length > 10 ? [...cycle.slice(0, 10), '…'] : cycle;
  const need = byChild.get(first)?.find(({ parent }) => parent === second);
  const message = `expected ${what} that do not wait for each other, got ${[...shown, first].join(' -> ')}`;
  return { path: need?.path ?? [], message };
}
