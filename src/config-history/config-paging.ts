import { TerminalError } from '../errors.js';

/** A cursor holds the last key that was given out; users take it as it is. */
export function encodeCursor(key: string): string {
  return Buffer.from(key).toString('base64url');
}

/** @throws TerminalError `INVALID_CURSOR` for a text that no answer has given out */
export function decodeCursor(cursor: string | undefined, pattern: RegExp): string | undefined {
  if (cursor === undefined) return undefined;
  const key = Buffer.from(cursor, 'base64url').toString();
  if (pattern.test(key) && encodeCursor(key) === cursor) return key;
  const message = `cursor: expected the nextCursor of an earlier answer, got ${JSON.stringify(cursor.slice(0, 80))}`;
  throw new TerminalError('INVALID_CURSOR', message, [{ path: 'cursor', message }]);
}

/** Cuts what was read with a limit of `limit + 1` into a page. */
export function pageOf<T>(
  rows: T[],
  limit: number,
  keyOf: (row: T) => string,
): { items: T[]; nextCursor: string | null } {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last ? encodeCursor(keyOf(last)) : null };
}
