import { createReadStream } from 'node:fs';

/** Where in a file to read, in bytes. */
export interface ByteRange {
  start: number;
  end: number;
}

/** Lines of a text, or of a part of it, that end with LF and nothing else: `readline` would split at U+2028 too, which JSON leaves as it is. */
export async function* readLines(
  path: string,
  signal?: AbortSignal,
  range?: ByteRange,
): AsyncGenerator<string> {
  let rest = '';
  // A stream's end is the last byte that it reads.
  const part = range && { start: range.start, end: range.end - 1 };
  for await (const chunk of createReadStream(path, { encoding: 'utf8', signal, ...part })) {
    const parts = (rest + String(chunk)).split('\n');
    rest = parts.pop()!;
    yield* parts;
  }
  if (rest) yield rest;
}
