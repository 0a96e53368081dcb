import { ApiRefused } from '../api-errors.js';
import type { OpenAnswer } from '../api-request.js';
import { originAndPath } from '../show-url.js';

/**
 * The whole body of an answer.
 *
 * @throws what the body throws; ApiRefused `API_BODY_TOO_LONG`, after which the connection is closed
 */
export async function readBody(answer: OpenAnswer, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer.body) {
    size += chunk.length;
    if (size > maxBytes) throw bodyTooLong(answer.url, maxBytes);
    chunks.push(chunk);
  }
  const [first = Buffer.alloc(0)] = chunks;
  return chunks.length <= 1 ? first : Buffer.concat(chunks, size);
}

export function bodyTooLong(url: string, maxBytes: number): ApiRefused {
  return new ApiRefused(
    'API_BODY_TOO_LONG',
    `${originAndPath(url)}: expected a body of at most ${maxBytes} bytes, got more`,
  );
}
