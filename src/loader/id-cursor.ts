import { TerminalError } from '../errors.js';

/** A cursor names the last row that was given out, by its number. */
export function encodeCursor(id: string): string {
  return Buffer.from(id).toString('base64url');
}

/** @throws TerminalError `INVALID_CURSOR` for a cursor that no page gave */
export function decodeCursor(cursor: string): string {
  const id = Buffer.from(cursor, 'base64url').toString();
  if (/^[1-9]\d{0,17}$/.test(id)) return id;
  throw new TerminalError(
    'INVALID_CURSOR',
    `cursor: expected one that a page gave as nextCursor, got another text`,
  );
}
