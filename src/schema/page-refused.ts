import { TerminalError } from '../errors.js';

interface RefusedPage {
  table: string;
  name: string;
  /** Without secrets. */
  url: string;
}

/**
 * Why a page of an API that cannot be read at all ends the run. A file stays where it is and may be mended; the records
 * of a page would be lost, as the cursor moves past them.
 */
export function pageRefused(error: unknown, { table, name, url }: RefusedPage): TerminalError {
  const { code, message, details } =
    error instanceof TerminalError ? error : new TerminalError('PAGE_UNREADABLE', String(error));
  const way =
    code === 'COLUMN_NAME' ? '; `fields` picks the members to load, `rename` gives them other names' : '';
  const got = message.endsWith(`(${name})`) ? message : `${message} (${name})`;
  return new TerminalError(code, `${table}: ${got}, the page of ${url}${way}`, details);
}
