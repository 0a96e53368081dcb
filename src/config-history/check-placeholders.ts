import type { Fault } from './fault.js';
import { findPlaceholders, type Placeholder } from './find-placeholders.js';
import { didYouMean, nearestWord } from '../nearest-word.js';
import { ApiCursorShape, ForEachShape } from './shape/api-series-shape.js';
import type { ApiSourceShape } from './shape/api-source-shape.js';

type Path = (string | number)[];

/** Checks that every placeholder has something to stand for, and every parent's column a placeholder. */
export function checkPlaceholders(source: ApiSourceShape, path: Path): Fault[] {
  const found = findPlaceholders(source);
  const faults = found.flatMap((placeholder) => {
    const message = refuse(placeholder, source);
    return message === null ? [] : [{ path: [...path, ...placeholder.path], message }];
  });
  const used = new Set(found.filter(({ kind }) => kind === 'parent').map(({ name }) => name));
  const unused = columnsOf(source.for_each).filter((column) => !used.has(column));
  const missing = unused.map((column) => ({
    path: [...path, 'for_each', 'field'],
    message: `expected {parent.${column}} in url, query, headers or body, got it nowhere`,
  }));
  return [...faults, ...missing];
}

function refuse({ kind, name }: Placeholder, source: ApiSourceShape): string | null {
  const shown = `{${kind}.${name.slice(0, 100)}}`;
  const known = kind === 'parent' ? columnsOf(source.for_each) : ['start', 'end'];
  const key = kind === 'parent' ? 'for_each' : 'cursor';
  if (source[key] === undefined) return `expected ${key} beside ${shown}, got nothing`;
  // What is no map was told of already.
  const isSound = kind === 'parent' ? known.length > 0 : source.cursor instanceof ApiCursorShape;
  if (!isSound || known.includes(name)) return null;
  const near = nearestWord(name, known);
  const hint = didYouMean(near && `{${kind}.${near}}`);
  const expected = known.map((word) => `{${kind}.${word}}`).join(' or ');
  const place = kind === 'parent' ? ', the columns of for_each.field' : '';
  return `expected ${expected}${place}, got ${shown}${hint}`;
}

/** The columns that `for_each.field` names. */
export function columnsOf(forEach: unknown): string[] {
  if (!(forEach instanceof ForEachShape)) return [];
  const fields: unknown[] = Array.isArray(forEach.field) ? forEach.field : [forEach.field];
  return fields.filter((field) => typeof field === 'string');
}
