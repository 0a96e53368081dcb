import { BufferRing } from '../buffer-ring.js';

/** A UUID's text and the line end. */
export const LINE_BYTES = 37;

/** Where the 32 digits of a UUID's text stand, in pairs. */
const PAIRS = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

const RING = 4 << 20;

/** More than any digit. */
const NONE = 16;
/** By the code of a character: the value of the hexadecimal digit, or NONE. */
const DIGITS = Uint8Array.from({ length: 256 }, (_, code) => {
  const digit = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(digit) ? NONE : digit;
});

/** Signature, flags and length of the extension, see "Binary Format" under COPY in the manual of PostgreSQL. */
const HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const TRAILER = Buffer.from([0xff, 0xff]);

/**
 * Lines of UUIDs, cut anywhere, as the binary data of a COPY with the columns `uuid` or, where a table's id is given,
 * `integer, uuid`. The server takes them in a third of the time that it needs to parse texts. A chunk lasts until 3 MiB
 * more have been asked for.
 */
export async function* packIdentities(
  chunks: AsyncIterable<Buffer>,
  tableId: number | null,
): AsyncGenerator<Buffer> {
  const front = tupleFront(tableId);
  const ring = new BufferRing(RING);
  // A line that is cut goes here: to join two chunks would take memory for all of them anew.
  const cut = Buffer.alloc(LINE_BYTES);
  let held = 0;
  yield HEADER;
  for await (const chunk of chunks) {
    const from = held > 0 ? chunk.copy(cut, held, 0, LINE_BYTES - held) : 0;
    held += from;
    if (held > 0 && held < LINE_BYTES) continue;
    const to = chunk.length - ((chunk.length - from) % LINE_BYTES);
    if (held + to > from) yield packLines([cut.subarray(0, held), chunk.subarray(from, to)], front, ring);
    held = chunk.copy(cut, 0, to);
  }
  if (held > 0) throw new Error('expected lines of UUIDs, got a part of one at the end');
  yield TRAILER;
}

/** What stands in front of each UUID: the number of fields, the table's id with its length, the UUID's length. */
function tupleFront(tableId: number | null): Buffer {
  if (tableId === null) return Buffer.from([0, 1, 0, 0, 0, 16]);
  const front = Buffer.from([0, 2, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 16]);
  front.writeInt32BE(tableId, 6);
  return front;
}

/** @param texts whole lines each */
function packLines(texts: Buffer[], front: Buffer, ring: BufferRing): Buffer {
  const bytes = texts.reduce((sum, text) => sum + text.length, 0);
  const packed = ring.room((bytes / LINE_BYTES) * (front.length + 16));
  ring.keep(packed.length);
  let to = 0;
  for (const text of texts) to = packText(text, front, packed, to);
  return packed;
}

/** Returns where the next tuple goes. */
function packText(text: Buffer, front: Buffer, packed: Buffer, start: number): number {
  let seen = 0;
  let to = start;
  for (let line = 0; line < text.length; line += LINE_BYTES) {
    for (let n = 0; n < front.length; n++) packed[to++] = front[n]!;
    for (let pair = 0; pair < PAIRS.length; pair++) {
      const at = line + PAIRS[pair]!;
      const high = DIGITS[text[at]!]!;
      const low = DIGITS[text[at + 1]!]!;
      seen |= high | low;
      packed[to++] = (high << 4) | low;
    }
  }
  if (seen >= NONE) throw new Error('expected lines of UUIDs, got other characters');
  return to;
}
