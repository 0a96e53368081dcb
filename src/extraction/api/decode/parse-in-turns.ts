import { setImmediate } from 'node:timers/promises';
import { scanString, scanValue, skipSpace } from '../../scan-json.js';
import { setMember } from '../../set-member.js';
import { parseJson } from '../parse-json.js';

/** Shorter texts are parsed in one go; also how much of a longer one is. */
const turnCharacters = 512 * 1024;

/**
 * What `parseJson` gives, without keeping everybody else waiting: of a large text the array at `names` (member names from the top)
 * is parsed a part at a time. Throws SyntaxError.
 */
export async function parseInTurns(text: string, names: readonly string[]): Promise<unknown> {
  if (text.length <= turnCharacters) return parseJson(text);
  const start = findArray(text, names);
  const list = start === -1 ? null : await parseElements(text, start);
  // Another form than expected, or broken: then the whole says what it is.
  if (list === null) return parseJson(text);
  try {
    const rest = parseJson(`${text.slice(0, start)}[]${text.slice(list.end)}`);
    return names.length === 0 ? list.values : put(rest, names, list.values);
  } catch {
    return parseJson(text);
  }
}

/** Position of the array at a path; -1: there is none. */
function findArray(text: string, names: readonly string[]): number {
  let at = skipSpace(text, 0);
  for (const name of names) {
    at = findMember(text, at, name);
    if (at === -1) return -1;
  }
  return text[at] === '[' ? at : -1;
}

function findMember(text: string, start: number, name: string): number {
  if (text[start] !== '{') return -1;
  let found = -1;
  for (let at = skipSpace(text, start + 1); text[at] === '"';) {
    const keyEnd = scanString(text, at);
    if (keyEnd === -1) return -1;
    const isWanted = keyName(text.slice(at, keyEnd)) === name;
    at = skipSpace(text, keyEnd);
    if (text[at] !== ':') return -1;
    at = skipSpace(text, at + 1);
    // Of two equal names the last one counts.
    if (isWanted) found = at;
    const end = scanValue(text, at, true);
    if (end <= at) return -1;
    at = skipSpace(text, end);
    if (text[at] === '}') return found;
    if (text[at] !== ',') return -1;
    at = skipSpace(text, at + 1);
  }
  return -1;
}

function keyName(token: string): string | null {
  try {
    return JSON.parse(token) as string;
  } catch {
    return null;
  }
}

/** The elements of the array at `start` and the position after it; null where it is broken. */
async function parseElements(
  text: string,
  start: number,
): Promise<{ values: unknown[]; end: number } | null> {
  const values: unknown[] = [];
  let at = skipSpace(text, start + 1);
  let from = at;
  while (text[at] !== ']' || from !== at) {
    const end = scanValue(text, at, true);
    if (end <= at) return null;
    at = skipSpace(text, end);
    const isLast = text[at] === ']';
    if (!isLast && text[at] !== ',') return null;
    if (isLast || end - from > turnCharacters) {
      const part = parsePart(text.slice(from, end));
      if (part === null) return null;
      for (const value of part) values.push(value);
      if (isLast) break;
      await setImmediate();
      from = skipSpace(text, at + 1);
    }
    at = skipSpace(text, at + 1);
    if (text[at] === ']') return null;
  }
  return { values, end: at + 1 };
}

function parsePart(text: string): unknown[] | null {
  try {
    return parseJson(`[${text}]`) as unknown[];
  } catch {
    return null;
  }
}

function put(whole: unknown, names: readonly string[], values: unknown[]): unknown {
  let holder = whole as Record<string, unknown>;
  for (const name of names.slice(0, -1)) holder = holder[name] as Record<string, unknown>;
  setMember(holder, names.at(-1) as string, values);
  return whole;
}
