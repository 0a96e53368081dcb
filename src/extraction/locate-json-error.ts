import { isOpening, skipSpace } from './scan-json.js';

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

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;

/**
 * Finds the first place at which a text stops being one JSON value (RFC 8259); null where it is one. V8's own messages often lack the
 * place. Slower than JSON.parse on most texts; works without recursion, and takes a byte for each open bracket.
 */
export function locateJsonError(text: string): JsonFault | null {
  const open = new OpenBrackets();
  let at = skipSpace(text, 0);
  let state: 'value' | 'firstValue' | 'key' | 'firstKey' | 'after' = 'value';
  for (;;) {
    const code = text.charCodeAt(at);
    if (state === 'after') {
      const closer = open.closer();
      if (closer === 0) return at < text.length ? fault(text, at, 'the end') : null;
      if (code === COMMA) state = open.isObject() ? 'key' : 'value';
      else if (code === closer) open.pop();
      else return fault(text, at, `"," or "${String.fromCharCode(closer)}"`);
      at = skipSpace(text, at + 1);
    } else if ((state === 'firstKey' || state === 'firstValue') && code === open.closer()) {
      open.pop();
      state = 'after';
      at = skipSpace(text, at + 1);
    } else if (state === 'key' || state === 'firstKey') {
      const end = code === QUOTE ? readString(text, at) : null;
      if (end === null)
        return fault(text, at, state === 'key' ? 'a name in quotes' : 'a name in quotes or "}"');
      if (typeof end !== 'number') return end;
      const colon = skipSpace(text, end);
      if (text.charCodeAt(colon) !== COLON) return fault(text, colon, '":"');
      at = skipSpace(text, colon + 1);
      state = 'value';
    } else if (isOpening(code)) {
      open.push(code);
      state = code === OPEN_OBJECT ? 'firstKey' : 'firstValue';
      at = skipSpace(text, at + 1);
    } else {
      const end = code === QUOTE ? readString(text, at) : match(scalar, text, at);
      if (end === null) return fault(text, at, 'a value');
      if (typeof end !== 'number') return end;
      at = skipSpace(text, end);
      state = 'after';
    }
  }
}

/** The brackets around a place, innermost last. */
class OpenBrackets {
  private codes = new Uint8Array(64);
  private count = 0;

  push(code: number): void {
    if (this.count === this.codes.length) {
      const codes = new Uint8Array(this.count * 2);
      codes.set(this.codes);
      this.codes = codes;
    }
    this.codes[this.count++] = code;
  }

  pop(): void {
    this.count--;
  }

  /** Character code of what closes the innermost, which comes two after it; 0 where none is open. */
  closer(): number {
    return this.count === 0 ? 0 : (this.codes[this.count - 1] as number) + 2;
  }

  isObject(): boolean {
    return this.codes[this.count - 1] === OPEN_OBJECT;
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
