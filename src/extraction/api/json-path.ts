import { query } from 'json-p3';
import { rawText } from './parse-json.js';

const SIMPLE = /^\$?(?:\.?[A-Za-z_][\w-]*)(?:\.[A-Za-z_][\w-]*)*$/;

/** Finds values at a JSONPath (RFC 9535), or at `a.b` for `$.a.b`. */
export type FindValues = (value: unknown) => unknown[];

/** @throws Error of the path's own fault when it is no JSONPath */
export function compilePath(path: string): FindValues {
  if (path === '$') return (value) => [value];
  if (SIMPLE.test(path)) return walk(path.replace(/^\$\.?/, '').split('.'));
  const whole = path.startsWith('$') ? path : `$.${path}`;
  query(whole, null);
  return (value) => query(whole, value as never).values();
}

/** The one text, number or boolean at a path, as it was written; null: there is none, or it is null or empty. */
export function textAt(value: unknown, find: FindValues): string | null {
  const [found] = find(value);
  if (found === undefined || found === null || found === '') return null;
  return rawText(found);
}

/** An object's own member; undefined: there is none. */
export function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

/** The short way for the paths that most people write. */
function walk(names: string[]): FindValues {
  return (value) => {
    let at = value;
    for (const name of names) {
      if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return [];
      at = (at as Record<string, unknown>)[name];
    }
    return [at];
  };
}
