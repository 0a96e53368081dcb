import { FileRefused } from './file-errors.js';
import type { Encoding } from './settle-encoding.js';

/**
 * Turns a text into UTF-8, chunk by chunk and exactly. `chunks` begin after a byte order mark. Throws FileRefused naming the line of
 * half a character or a lone surrogate; in the two 8-bit encodings every byte is a character (windows-1252 as the WHATWG has it).
 */
export async function* transcode(
  chunks: AsyncIterable<Buffer>,
  encoding: Exclude<Encoding, 'utf-8'>,
): AsyncGenerator<Buffer> {
  if (encoding === 'latin-1') {
    for await (const chunk of chunks) yield Buffer.from(chunk.toString('latin1'));
  } else if (encoding === 'windows-1252') {
    const decoder = new TextDecoder('windows-1252');
    for await (const chunk of chunks) yield Buffer.from(decoder.decode(chunk));
  } else {
    yield* transcodeUtf16(chunks, encoding);
  }
}

async function* transcodeUtf16(
  chunks: AsyncIterable<Buffer>,
  encoding: 'utf-16le' | 'utf-16be',
): AsyncGenerator<Buffer> {
  let pending: Buffer = Buffer.alloc(0);
  let line = 1;
  for await (const chunk of chunks) {
    const bytes = Buffer.concat([pending, chunk]);
    const length = bytes.length - unfinished(bytes, encoding);
    const text = decodeUtf16(bytes.subarray(0, length), encoding);
    // Decoding worked in place; what is left over must keep its order.
    pending = Buffer.from(bytes.subarray(length));
    if (!text.isWellFormed()) throw loneSurrogate(text, line, encoding);
    line += countLines(text);
    yield Buffer.from(text);
  }
  if (pending.length === 0) return;
  throw new FileRefused(
    `expected whole ${encoding} characters, got ${pending.length} bytes too many at the end`,
    { line },
  );
}

/** An odd byte, and a first half of a surrogate pair before it. */
function unfinished(bytes: Buffer, encoding: 'utf-16le' | 'utf-16be'): number {
  const odd = bytes.length % 2;
  const last = bytes.length - odd - 2;
  if (last < 0) return odd;
  const unit = encoding === 'utf-16le' ? bytes.readUInt16LE(last) : bytes.readUInt16BE(last);
  return unit >= 0xd800 && unit <= 0xdbff ? odd + 2 : odd;
}

function decodeUtf16(bytes: Buffer, encoding: 'utf-16le' | 'utf-16be'): string {
  return (encoding === 'utf-16be' ? bytes.swap16() : bytes).toString('utf16le');
}

function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

function loneSurrogate(text: string, line: number, encoding: string): FileRefused {
  const at = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.exec(text)?.index ?? 0;
  const place = line + countLines(text.slice(0, at));
  const got = text.charCodeAt(at).toString(16).toUpperCase();
  return new FileRefused(`expected valid ${encoding}, got the lone surrogate U+${got}`, { line: place });
}
