import { TerminalError } from '../errors.js';

/** A part of a list, and what to ask for to get the next part; null at its end. */
export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** The lowest id of version 7 that can have been made at that moment or later (RFC 9562, section 5.7). */
export function firstIdAt(moment: Date): string {
  const milliseconds = Math.min(Math.max(moment.getTime(), 0), 2 ** 48 - 1);
  const hex = milliseconds.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}

/** A cursor names the last item that was given out; users take it as it is. */
export function encodeCursor(id: string): string {
  return Buffer.from(id).toString('base64url');
}

/** @throws TerminalError `INVALID_CURSOR` for a text that no answer has given out */
export function decodeCursor(cursor: string): string {
  const id = Buffer.from(cursor, 'base64url').toString();
  if (!isUuid(id) || encodeCursor(id) !== cursor) {
    throw new TerminalError(
      'INVALID_CURSOR',
      `cursor: expected the nextCursor of an earlier answer, got "${cursor}"`,
    );
  }
  return id;
}

/** Cuts what was read with a limit of `limit + 1` into a page. */
export function pageOf<T extends { id: string }>(rows: T[], limit: number): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last ? encodeCursor(last.id) : null };
}
