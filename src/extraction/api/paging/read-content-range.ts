import { PagingFailed } from '../api-errors.js';
import type { SeenPage } from './paginator.js';

/** `0-999/2500`, with `*` for what is not known or not there. */
export interface ContentRange {
  span: { first: number; last: number } | null;
  total: number | null;
}

const FORM = /^(?:([^\s\d*]\S*)\s+)?(?:(\d+)-(\d+)|\*)\/(\d+|\*)$/;

/** null: the answer has none. Throws PagingFailed `PAGE_UNREADABLE` where it is not of this unit. */
export function readContentRange({ headers }: Pick<SeenPage, 'headers'>, unit: string): ContentRange | null {
  const header = headers['content-range'];
  if (header === undefined) return null;
  const match = FORM.exec(header.trim());
  if (match === null || (match[1] ?? unit) !== unit) {
    throw new PagingFailed(
      'PAGE_UNREADABLE',
      `Content-Range: expected ${unit} as in 0-999/2500, got ${header.slice(0, 60)}`,
    );
  }
  const [, , first, last, total] = match;
  return {
    span: first === undefined ? null : { first: Number(first), last: Number(last) },
    total: total === '*' ? null : Number(total),
  };
}
