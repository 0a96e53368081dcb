import { createReadStream } from 'node:fs';

const CHUNK = 256 << 10;

/** The lines of a UTF-8 text, many at a time. They end with LF and nothing else; readline would also split at U+2028. */
export async function* readLines(path: string): AsyncGenerator<string[]> {
  let rest = '';
  for await (const chunk of createReadStream(path, { encoding: 'utf8', highWaterMark: CHUNK })) {
    const parts = (rest + String(chunk)).split('\n');
    rest = parts.pop()!;
    if (parts.length > 0) yield parts;
  }
  if (rest) yield [rest];
}
