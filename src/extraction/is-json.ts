import { locateJsonError } from './locate-json-error.js';
import { isOpening, mostLevels, scanNested } from './scan-json.js';

/**
 * Whether a text is one JSON value (RFC 8259), without white space around it. JSON.parse would build the value: of a
 * text of 16 MiB that is nothing but brackets that is a gigabyte, and seconds in which nothing else is done.
 */
export function isJson(text: string): boolean {
  const found = { levels: 0 };
  if (isOpening(text.charCodeAt(0)) && scanNested(text, 0, found) === -1) return false;
  if (found.levels > mostLevels) return locateJsonError(text) === null;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
