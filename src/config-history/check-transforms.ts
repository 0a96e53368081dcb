import { checkCycles } from './check-order.js';
import { checkSql } from './check-sql.js';
import type { Fault } from './fault.js';
import type { Need } from './find-needs.js';
import { didYouMean, nearestWord } from '../nearest-word.js';
import { TransformShape } from './shape/transform-shape.js';

type Path = (string | number)[];

interface Placed {
  transform: TransformShape;
  path: Path;
}

/** Checks what the keys of transforms mean together. @param tables of the streams */
export function checkTransforms(transforms: unknown, tables: readonly string[]): Fault[] {
  const placed = (Array.isArray(transforms) ? transforms : []).flatMap(
    (transform: unknown, index): Placed[] =>
      transform instanceof TransformShape ? [{ transform, path: ['transform', index] }] : [],
  );
  const names = placed.map(({ transform }) => transform.name);
  return [
    ...placed.flatMap(({ transform, path }) => checkText(transform, path)),
    ...placed.flatMap(({ transform, path }, index) =>
      checkName(transform.name, path, [...tables, ...names.slice(0, index)]),
    ),
    ...placed.flatMap((one) => checkAfter(one, [...tables, ...names])),
    ...checkCycles(findNeeds(placed, names), 'transforms'),
  ];
}

function checkText({ sql, file, as = 'view' }: TransformShape, path: Path): Fault[] {
  if ((sql === undefined) === (file === undefined)) {
    const got = sql === undefined ? 'neither' : 'both';
    return [{ path, message: `expected either sql or file, got ${got}` }];
  }
  if (typeof sql === 'string' && sql.includes('${')) {
    const message =
      'expected SQL without ${, because variables may be secrets and SQL is kept in the history of the schema';
    return [{ path: [...path, 'sql'], message }];
  }
  const isKnown = ['view', 'table', 'statement'].includes(as);
  const message = typeof sql === 'string' && isKnown ? checkSql(sql, as) : undefined;
  return message === undefined ? [] : [{ path: [...path, 'sql'], message }];
}

function checkName(name: unknown, path: Path, taken: readonly string[]): Fault[] {
  if (typeof name !== 'string' || !taken.includes(name)) return [];
  const message = `expected a name that no stream and no other transform has, got "${name}"`;
  return [{ path: [...path, 'name'], message }];
}

function checkAfter({ transform: { name, after }, path }: Placed, known: readonly string[]): Fault[] {
  const others = known.filter((other) => other !== name);
  return listOf(after).flatMap((needed, index) => {
    if (typeof needed !== 'string' || others.includes(needed)) return [];
    const near = nearestWord(needed, others);
    const hint = needed === name ? ', the transform itself' : didYouMean(near);
    const message = `expected a stream or another transform of this pipeline, got "${needed}"${hint}`;
    return [{ path: [...path, 'after', index], message }];
  });
}

/** Without `after` a transform comes after all that stand above it. */
function findNeeds(placed: Placed[], names: string[]): Need[] {
  return placed.flatMap(({ transform: { name, after }, path }, index) => {
    if (after === undefined) return names.slice(0, index).map((parent) => ({ child: name, parent, path }));
    return listOf(after).flatMap((parent, at) =>
      typeof parent === 'string' && parent !== name && names.includes(parent)
        ? [{ child: name, parent, path: [...path, 'after', at] }]
        : [],
    );
  });
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
