import { locateJsonError } from '../../locate-json-error.js';
import { decodeSlice, encodeSlice } from '../../text-window.js';
import { splitPath } from '../leading-path.js';
import type { DecodedBody, PageText } from './page-decoder.js';
import { parseInTurns } from './parse-in-turns.js';
import { selectRecords } from './select-records.js';

/** Reads a page that is one JSON value (RFC 8259). */
export async function decodeJson(page: PageText): Promise<DecodedBody> {
  let body: unknown;
  try {
    const { names } = splitPath(page.source.records);
    body = await parseInTurns(page.text, names);
  } catch (error) {
    throw page.refuse('API_BODY_BROKEN', `expected JSON, got ${describeFault(page.text, error)}`);
  }
  return { body, ...selectRecords(body, page), broken: [] };
}

/** What is wrong with a JSON text, and where. */
export function describeFault(text: string, error: unknown): string {
  if (text.trim() === '') return 'an empty body';
  const slice = encodeSlice(text);
  const fault = locateJsonError(slice);
  if (fault === null) return `a text that cannot be read: ${(error as Error).message}`;
  const before = decodeSlice(slice.slice(0, fault.at));
  const line = before.split('\n').length;
  const character = before.length - before.lastIndexOf('\n');
  return `${fault.got} instead of ${fault.expected} at line ${line}, character ${character}`;
}
