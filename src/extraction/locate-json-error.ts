import { isSpace } from './scan-json.js';

/** What is wrong with a JSON text, and where. */
export interface JsonFault {
  /** Position in the text. */
  at: number;
  expected: string;
  /** What stands there, shortened. */
  got: string;
}

const plain = /[\x20\x21\x23-\x5b\x5d-\uffff]*/y;
const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const scalar = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;

/**
 * Finds the first place at which a text stops being one JSON value (RFC 8259); null where it is one. V8's own messages often lack the
 * place. Only for texts that JSON.parse has refused, so it may be slow; works without recursion.
 */
export function locateJsonError(text: string): JsonFault | null {
  const closers: string[] = [];
  let at = skip(text, 0);
  let state: 'value' | 'firstValue' | 'key' | 'firstKey' | 'after' = 'value';
  for (;;) {
    const char = text[at];
    if (state === 'after') {
      const closer = closers.at(-1);
      if (closer === undefined) return at < text.length ? fault(text, at, 'the end') : null;
      if (char === ',') state = closer === '}' ? 'key' : 'value';
      else if (char === closer) closers.pop();
      else return fault(text, at, `"," or "${closer}"`);
      at = skip(text, at + 1);
    } else if ((state === 'firstKey' && char === '}') || (state === 'firstValue' && char === ']')) {
      closers.pop();
      state = 'after';
      at = skip(text, at + 1);
    } else if (state === 'key' || state === 'firstKey') {
      const end = char === '"' ? readString(text, at) : null;
      if (end === null)
        return fault(text, at, state === 'key' ? 'a name in quotes' : 'a name in quotes or "}"');
      if (typeof end !== 'number') return end;
      const colon = skip(text, end);
      if (text[colon] !== ':') return fault(text, colon, '":"');
      at = skip(text, colon + 1);
      state = 'value';
    } else if (char === '{' || char === '[') {
      closers.push(char === '{' ? '}' : ']');
      state = char === '{' ? 'firstKey' : 'firstValue';
      at = skip(text, at + 1);
    } else {
      const end = char === '"' ? readString(text, at) : match(scalar, text, at);
      if (end === null) return fault(text, at, 'a value');
      if (typeof end !== 'number') return end;
      at = skip(text, end);
      state = 'after';
    }
  }
}

function readString(text: string, from: number): number | JsonFault {
  let at = from + 1;
  for (;;) {
    at = match(plain, text, at) ?? at;
    if (text[at] === '"') return at + 1;
    if (at >= text.length) return fault(text, at, 'a closing quote');
    if (text[at] !== '\\') return fault(text, at, 'an escaped control character');
    const end = match(escape, text, at);
    if (end === null) return fault(text, at, 'a valid escape');
    at = end;
  }
}

function match(pattern: RegExp, text: string, at: number): number | null {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : null;
}

function skip(text: string, from: number): number {
  let at = from;
  while (isSpace(text.charCodeAt(at))) at++;
  return at;
}

function fault(text: string, at: number, expected: string): JsonFault {
  return { at, expected, got: showAt(text, at) };
}

/** What stands at a position of a window's text: a word or one character, quoted; or the end. */
export function showAt(text: string, at: number): string {
  if (at >= text.length) return 'the end of the text';
  const word = /[\w.+-]{1,20}|[\u0080-\uffff]{1,8}|[\s\S]/y;
  word.lastIndex = at;
  return JSON.stringify(Buffer.from(word.exec(text)?.[0] ?? '', 'latin1').toString());
}
