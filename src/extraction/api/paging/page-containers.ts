import { WRAPPERS } from './page-field-names.js';
import { splitPath } from '../leading-path.js';

/** Fractal has `meta.pagination.links`. */
const DEPTH = 3;

/** An object of an answer, and its JSONPath. */
export interface Container {
  path: string;
  members: Record<string, unknown>;
}

/**
 * The objects of a body that may tell of pages: those on the way to the records, and what they wrap, nearest first. What is
 * itself a record is none of them.
 */
export function listContainers(body: unknown, records: string): Container[] {
  const { names, rest } = splitPath(records);
  const onTheWay = asContainer('$', body);
  for (const name of names) {
    const [inner] = onTheWay.slice(-1).flatMap((container) => wrapped(container, [name]));
    if (inner === undefined) break;
    onTheWay.push(inner);
  }
  const all = [...onTheWay];
  let level = onTheWay;
  for (let depth = 1; depth <= DEPTH; depth++) {
    level = level.flatMap((container) => wrapped(container, WRAPPERS));
    all.push(...level);
  }
  const record = names.length > 0 && rest === '' ? names.reduce(memberPath, '$') : null;
  return all.filter(({ path }, index) => {
    const isRecord = record !== null && (path === record || path.startsWith(`${record}.`));
    return !isRecord && all.findIndex((other) => other.path === path) === index;
  });
}

/** The JSONPath of an object's member. */
export function memberPath(path: string, name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`;
}

function wrapped({ path, members }: Container, names: string[]): Container[] {
  const present = names.filter((name) => Object.hasOwn(members, name));
  return present.flatMap((name) => asContainer(memberPath(path, name), members[name]));
}

function asContainer(path: string, value: unknown): Container[] {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? [{ path, members: value as Record<string, unknown> }] : [];
}
