import type { DeclaredEncoding } from './local-source.js';
import type { TextTraits } from './text-probe.js';

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'latin-1' | 'windows-1252';

/**
 * Settles how a text is encoded, by its first bytes and by what was declared. A byte order mark always wins, as in the WHATWG Encoding
 * Standard; `auto` is UTF-8 where the file is valid as such or has lines that are (the others are damaged), else windows-1252.
 *
 * @param holdsUtf8 whether a text that is not valid as a whole has lines of UTF-8 beyond ASCII
 */
export function settleEncoding(
  head: Buffer,
  declared: DeclaredEncoding,
  text: TextTraits & { holdsUtf8: boolean },
): { encoding: Encoding; bomBytes: number } {
  if (head.length >= 3 && head.readUIntBE(0, 3) === 0xefbbbf) return { encoding: 'utf-8', bomBytes: 3 };
  const mark = head.length >= 2 ? head.readUInt16BE(0) : 0;
  if (mark === 0xfffe) return { encoding: 'utf-16le', bomBytes: 2 };
  if (mark === 0xfeff) return { encoding: 'utf-16be', bomBytes: 2 };
  return { encoding: withoutMark(head, declared, text), bomBytes: 0 };
}

function withoutMark(
  head: Buffer,
  declared: DeclaredEncoding,
  text: TextTraits & { holdsUtf8: boolean },
): Encoding {
  if (declared === 'utf-16') return guessByteOrder(head) ?? 'utf-16le';
  if (declared !== 'auto') return declared;
  const wide = text.hasNul ? guessByteOrder(head) : null;
  return wide ?? (text.isUtf8 || text.holdsUtf8 ? 'utf-8' : 'windows-1252');
}

/** In UTF-16 text most characters have a zero half; which one it is tells the order. */
function guessByteOrder(head: Buffer): 'utf-16le' | 'utf-16be' | null {
  let even = 0;
  let odd = 0;
  for (let at = 0; at < Math.min(head.length, 4096); at++) {
    if (head[at] === 0) {
      if (at % 2 === 0) even++;
      else odd++;
    }
  }
  if (Math.max(even, odd) * 8 < Math.min(head.length, 4096)) return null;
  if (Math.min(even, odd) * 4 > Math.max(even, odd)) return null;
  return odd > even ? 'utf-16le' : 'utf-16be';
}
