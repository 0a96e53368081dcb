const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** What may follow a backslash, but for `u`. */
const escapes = new Set(Array.from('"\\/bfnrt', (char) => char.charCodeAt(0)));
const words = ['true', 'false', 'null'].map((word) => Buffer.from(word));

/** Bytes that scalars are copied from, none beyond `stop`, and where they go. */
export interface ScalarCopy {
  bytes: Buffer;
  stop: number;
  out: Buffer;
}

/**
 * Copies the JSON scalar at `from` to `to` in `out`: texts and null as they are, all else in quotes. Strict; -1 for what it does not take:
 * broken texts, `\u` escapes (they may hide what PostgreSQL cannot store), objects and arrays, and what goes beyond `stop`.
 */
export function copyScalar(copy: ScalarCopy, from: number, to: number): number {
  const { bytes, out } = copy;
  const first = bytes[from] as number;
  if (first === QUOTE) return copyString(copy, from, to);
  const end = first === 0x2d || isDigit(first) ? numberEnd(bytes, from) : wordEnd(bytes, from);
  if (end === -1 || end >= copy.stop) return -1;
  let at = to;
  const isWrapped = first !== 0x6e;
  if (isWrapped) out[at++] = QUOTE;
  for (let i = from; i < end; i++) out[at++] = bytes[i] as number;
  if (isWrapped) out[at] = QUOTE;
  return end;
}

function copyString({ bytes, stop, out }: ScalarCopy, from: number, to: number): number {
  const shift = to - from;
  out[to] = QUOTE;
  for (let i = from + 1; i < stop; i++) {
    const byte = bytes[i] as number;
    out[i + shift] = byte;
    // Nearly all bytes need these two comparisons alone.
    if (byte > QUOTE && byte !== BACKSLASH) continue;
    if (byte === QUOTE) return i + 1;
    if (byte < 0x20) return -1;
    if (byte !== BACKSLASH) continue;
    const escaped = bytes[++i] as number;
    if (!escapes.has(escaped)) return -1;
    out[i + shift] = escaped;
  }
  return -1;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function digitsEnd(bytes: Buffer, from: number): number {
  let at = from;
  while (isDigit(bytes[at])) at++;
  return at;
}

function numberEnd(bytes: Buffer, from: number): number {
  const start = bytes[from] === 0x2d ? from + 1 : from;
  let end = digitsEnd(bytes, start);
  if (end === start || (bytes[start] === 0x30 && end > start + 1)) return -1;
  if (bytes[end] === 0x2e) {
    const fraction = end + 1;
    end = digitsEnd(bytes, fraction);
    if (end === fraction) return -1;
  }
  if (((bytes[end] ?? 0) | 0x20) === 0x65) {
    const sign = bytes[end + 1];
    const exponent = end + (sign === 0x2b || sign === 0x2d ? 2 : 1);
    end = digitsEnd(bytes, exponent);
    if (end === exponent) return -1;
  }
  return end;
}

function wordEnd(bytes: Buffer, from: number): number {
  for (const word of words) {
    if (bytes[from] !== word[0]) continue;
    for (let i = 1; i < word.length; i++) if (bytes[from + i] !== word[i]) return -1;
    return from + word.length;
  }
  return -1;
}
