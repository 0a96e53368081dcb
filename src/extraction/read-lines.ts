import { createReadStream } from 'node:fs';

/** Lines of a text that end with LF and nothing else: `readline` would split at U+2028 too, which JSON leaves as it is. */
export async function* readLines(path: string, signal?: AbortSignal): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(path, { encoding: 'utf8', signal })) {
    const parts = (rest + String(chunk)).split('\n');
    rest = parts.pop()!;
    yield* parts;
  }
  if (rest) yield rest;
}
