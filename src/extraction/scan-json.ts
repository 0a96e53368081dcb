/** Records that nest deeper are refused. */
export const mostLevels = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Whether a character code is JSON's white space. */
export function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

/** Whether a character code is `{` or `[`: they differ in one bit. */
export function isOpening(code: number): boolean {
  return (code | 0x20) === 0x7b;
}

function isClosing(code: number): boolean {
  return (code | 0x20) === 0x7d;
}

export function skipSpace(text: string, from: number): number {
  let at = from;
  while (isSpace(text.charCodeAt(at))) at++;
  return at;
}

/** The same in bytes, which end in something else. */
export function skipBlanks(bytes: Buffer, from: number): number {
  let at = from;
  while (isSpace(bytes[at] as number)) at++;
  return at;
}

/** Position after the string that begins at `from`, or -1 when the text ends first. */
export function scanString(text: string, from: number): number {
  let at = from + 1;
  for (;;) {
    const close = text.indexOf('"', at);
    if (close === -1) return -1;
    let slash = close;
    while (text.charCodeAt(slash - 1) === BACKSLASH) slash--;
    if ((close - slash) % 2 === 0) return close + 1;
    at = close + 1;
  }
}

/** Position after the number or word that begins at `from`: where white space, a bracket, a comma or the text's end stands. */
export function scanWord(text: string, from: number): number {
  let at = from;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x2c || code === 0x7d || code === 0x5d || isSpace(code)) break;
  }
  return at;
}

/**
 * Position after the object or array that begins at `from`, or -1 when the text ends first. Looks at brackets and strings only: whether
 * it is valid JSON is for JSON.parse to say. `levels` tells how deep it nests.
 */
export function scanNested(text: string, from: number, found: { levels: number }): number {
  let level = 0;
  let deepest = 0;
  for (let at = from; at < text.length;) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = scanString(text, at);
      if (at === -1) return -1;
      continue;
    }
    at++;
    if (isOpening(code)) {
      if (++level > deepest) deepest = level;
    } else if (isClosing(code) && --level === 0) {
      found.levels = deepest;
      return at;
    }
  }
  return -1;
}

/** Position after the value that begins at `from`, or -1 when it may go on behind the text's end. */
export function scanValue(text: string, from: number, isLast: boolean): number {
  const code = text.charCodeAt(from);
  if (code === QUOTE) return scanString(text, from);
  if (isOpening(code)) return scanNested(text, from, { levels: 0 });
  const end = scanWord(text, from);
  return end === text.length && !isLast ? -1 : end;
}
