const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** What may follow a backslash, but for `u`. */
const escapes = new Set(Array.from('"\\/bfnrt', (char) => char.charCodeAt(0)));
const words = ['true', 'false', 'null'].map((word) => Buffer.from(word));

/**
 * Copies the JSON scalar at `from` to `to` in `out`: texts and null as they are, all else in quotes. Strict; -1 for what it does not take:
 * broken texts, `\u` escapes (they may hide what PostgreSQL cannot store), objects and arrays, and what goes beyond `stop`.
 */
export function copyScalar(
  bytes: Buffer,
  { from, stop }: { from: number; stop: number },
  out: Buffer,
  to: number,
): number {
  const first = bytes[from] as number;
  if (first === QUOTE) return copyString(bytes, { from, stop }, out, to);
  const end = first === 0x2d || isDigit(first) ? numberEnd(bytes, from) : wordEnd(bytes, from);
  if (end === -1 || end >= stop) return -1;
  let at = to;
  const isWrapped = first !== 0x6e;
  if (isWrapped) out[at++] = QUOTE;
  for (let i = from; i < end; i++) out[at++] = bytes[i] as number;
  if (isWrapped) out[at] = QUOTE;
  return end;
}

function copyString(
  bytes: Buffer,
  { from, stop }: { from: number; stop: number },
  out: Buffer,
  to: number,
): number {
  let at = to;
  out[at++] = QUOTE;
  for (let i = from + 1; i < stop; i++) {
    const byte = bytes[i] as number;
    if (byte < 0x20) return -1;
    out[at++] = byte;
    if (byte === QUOTE) return i + 1;
    if (byte === BACKSLASH) {
      const escaped = bytes[++i] as number;
      if (!escapes.has(escaped)) return -1;
      out[at++] = escaped;
    }
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
