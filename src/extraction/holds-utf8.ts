import { isAscii, isUtf8 } from 'node:buffer';
import { type ByteSource, readChunks } from './read-chunks.js';

const LF = 10;

/**
 * Whether a text that is not valid UTF-8 as a whole has lines that are and hold more than ASCII. Text in an 8-bit
 * encoding hardly ever forms such a line by chance, so what has one is UTF-8 with some damaged lines.
 */
export async function holdsUtf8(handle: ByteSource, end: number, signal?: AbortSignal): Promise<boolean> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of readChunks(handle, { end, signal })) {
    const bytes = Buffer.concat([rest, chunk]);
    const last = bytes.lastIndexOf(LF) + 1;
    if (linesOf(bytes.subarray(0, last)).some(isUtf8Line)) return true;
    // A line without an end in sight is cut: its pieces tell as much.
    rest = bytes.subarray(last || bytes.length);
  }
  return isUtf8Line(rest);
}

const isUtf8Line = (line: Buffer) => !isAscii(line) && isUtf8(line);

function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(LF, start);
    lines.push(bytes.subarray(start, end < 0 ? bytes.length : end));
    start = end < 0 ? bytes.length : end + 1;
  }
  return lines;
}
