import { randomBytes } from 'node:crypto';
import { isOpening, scanString, skipSpace } from '../scan-json.js';

type RawJson = typeof JSON & {
  rawJSON(text: string): object;
  isRawJSON(value: unknown): value is { rawJSON: string };
};

/** Deeper texts are refused: what walks through a value recurses. */
export const mostJsonLevels = 500;

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** Stands before a number's text while JSON.parse takes it for a string; no text of others begins so. */
const MARK = `\0${randomBytes(12).toString('hex')}`;
const MARK_TOKEN = `"\\u0000${MARK.slice(1)}`;

/**
 * The value of a JSON text without losing a digit: a number that would not print back as it was written is a raw JSON
 * number (`JSON.rawJSON`), which `JSON.stringify` writes as it stood. Of two equal names the last one counts, and
 * `__proto__` is a name like others. Throws SyntaxError, also for more than 500 levels.
 */
export function parseJson(text: string): unknown {
  const delicate = findDelicate(text);
  if (delicate.length === 0) return JSON.parse(text) as unknown;
  let marked = '';
  let from = 0;
  for (let i = 0; i < delicate.length; i += 2) {
    const [start, end] = [delicate[i] as number, delicate[i + 1] as number];
    marked += `${text.slice(from, start)}${MARK_TOKEN}${text.slice(start, end)}"`;
    from = end;
  }
  return unmark(JSON.parse(marked + text.slice(from)) as unknown);
}

/** How a value stood in its JSON text, strings without their quotes. */
export function rawText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

export function isRawNumber(value: unknown): value is { rawJSON: string } {
  return (JSON as RawJson).isRawJSON(value);
}

/** Starts and ends of the numbers that a double would change, one after the other. */
function findDelicate(text: string): number[] {
  const found: number[] = [];
  let level = 0;
  for (let at = 0; at < text.length;) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      at = scanString(text, at);
      if (at === -1) return found;
    } else if (code === 0x2d || isDigit(code)) {
      const end = numberEnd(text, at);
      if (isDelicate(text, at, end)) found.push(at, end);
      at = end;
    } else {
      at++;
      if (isOpening(code)) level++;
      else if (isOpening(code - 2)) level--;
      if (level > mostJsonLevels)
        throw new SyntaxError(`expected at most ${mostJsonLevels} levels of nesting, got more`);
    }
  }
  return found;
}

function isDelicate(text: string, start: number, end: number): boolean {
  if (end - start < 16 && isPlain(text, start, end)) return false;
  const token = text.slice(start, end);
  // A number in the place of a name is a fault, which a string there would hide.
  return String(Number(token)) !== token && NUMBER.test(token) && text[skipSpace(text, end)] !== ':';
}

/** Digits, or digits around a point with no zero at their end: so few of them print back as they are written. */
function isPlain(text: string, start: number, end: number): boolean {
  let point = -1;
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x2e && point === -1) point = at;
    else if (!isDigit(code)) return false;
  }
  // 0.0000001 prints with an exponent.
  return point === -1 || (text[start] !== '0' && text[end - 1] !== '0');
}

function numberEnd(text: string, start: number): number {
  let at = start + 1;
  for (;;) {
    const code = text.charCodeAt(at);
    // Digits, and . e E + -
    if (!isDigit(code) && code !== 0x2e && (code | 0x20) !== 0x65 && code !== 0x2b && code !== 0x2d)
      return at;
    at++;
  }
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function unmark(value: unknown): unknown {
  if (typeof value === 'string') {
    return value.charCodeAt(0) === 0 && value.startsWith(MARK)
      ? (JSON as RawJson).rawJSON(value.slice(MARK.length))
      : value;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) value[index] = unmark(value[index]);
    return value;
  }
  unmarkMembers(value as Record<string, unknown>);
  return value;
}

function unmarkMembers(value: Record<string, unknown>): void {
  for (const name of Object.keys(value)) {
    const member = value[name];
    const found = unmark(member);
    // An assignment to __proto__ would set what the object inherits from.
    if (found !== member)
      Object.defineProperty(value, name, {
        value: found,
        enumerable: true,
        configurable: true,
        writable: true,
      });
  }
}
