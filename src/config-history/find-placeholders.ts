import type { ApiSourceShape } from './shape/api-source-shape.js';

/** `{parent.<name>}` or `{cursor.<name>}` in a text of a request. */
export interface Placeholder {
  kind: 'parent' | 'cursor';
  name: string;
  /** Of the text, inside the source. */
  path: (string | number)[];
  /** In the path of the URL, which cannot do without a value. */
  isInPath: boolean;
}

/** The placeholders of a source's request in the order of url, query, headers and body. */
export function findPlaceholders({ url, query, headers, body }: ApiSourceShape): Placeholder[] {
  return Object.entries({ url, query, headers, body }).flatMap(([key, value]) => findDeep(value, [key]));
}

function findDeep(value: unknown, path: (string | number)[]): Placeholder[] {
  if (typeof value === 'string') return findInText(value, path);
  if (Array.isArray(value)) return value.flatMap((item, index) => findDeep(item, [...path, index]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => findDeep(item, [...path, key]));
}

function findInText(text: string, path: (string | number)[]): Placeholder[] {
  const queryAt = path[0] === 'url' ? `${text}?`.indexOf('?') : -1;
  return [...text.matchAll(/(?<!\$)\{(parent|cursor)\.([^{}]*)\}/g)].map((match) => ({
    kind: match[1] as Placeholder['kind'],
    name: match[2]!,
    path,
    isInPath: match.index < queryAt,
  }));
}
