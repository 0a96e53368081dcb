import { escapeIdentifier, escapeLiteral } from 'pg';
import { TerminalError } from '../errors.js';

/** Letters of any script, digits and underscores: nothing that quoting could get wrong. */
const NAME = /^[\p{L}_][\p{L}\p{N}_]*$/u;
/** PostgreSQL cuts longer names silently (NAMEDATALEN - 1). */
const MAX_NAME_BYTES = 63;

/**
 * The name as a quoted SQL identifier.
 *
 * @param what for the message: `table`, `schema` or `column`
 * @throws TerminalError `INVALID_NAME`
 */
export function quoteName(what: string, name: string): string {
  if (NAME.test(name) && Buffer.byteLength(name) <= MAX_NAME_BYTES) return escapeIdentifier(name);
  throw new TerminalError(
    'INVALID_NAME',
    `${what}: expected a name of letters, digits and underscores, 1 to ${MAX_NAME_BYTES} bytes, ` +
      `that begins with no digit, got ${JSON.stringify(name.slice(0, 100))}`,
  );
}

/** `"schema"."table"`. */
export function quoteTable({ schema, table }: TablePlace): string {
  return `${quoteName('schema', schema)}.${quoteName('table', table)}`;
}

/** Where a table stands in its database. */
export interface TablePlace {
  schema: string;
  table: string;
}

/** A text as an SQL literal. */
export const literalOf = (text: string): string => escapeLiteral(text);
