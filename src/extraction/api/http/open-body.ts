import type { IncomingMessage } from 'node:http';
import { ApiUnavailable } from '../api-errors.js';
import type { ClientRequest } from './client-request.js';
import { bareError } from './connection-error.js';
import type { Deadlines } from './deadlines.js';
import { bodyTooLong } from './read-body.js';
import { originAndPath } from '../show-url.js';
import { unpackBody } from './unpack-body.js';

/**
 * The body of an answer without its compression; the connection is closed unless it was read to its end.
 *
 * A body that is neither chunked nor says its length ends where the connection does: one that was cut there cannot be
 * told from a whole one, unless it was packed (RFC 9112, 8).
 */
export async function* openBody(
  answer: IncomingMessage,
  encoding: string | null,
  { url, maxBytes }: ClientRequest,
  deadlines: Deadlines,
): AsyncGenerator<Buffer, void> {
  try {
    const packed = readPacked(answer, url, maxBytes, deadlines);
    if (encoding === null) return yield* packed;
    let size = 0;
    for await (const chunk of unpackBody(packed, encoding, originAndPath(url))) {
      size += chunk.length;
      if (size > maxBytes) throw bodyTooLong(url, maxBytes);
      yield chunk;
    }
    if (size === 0 && !tellsEnd(answer)) throw bodyCut(url);
  } finally {
    deadlines.end();
    answer.destroy();
  }
}

async function* readPacked(
  answer: IncomingMessage,
  url: string,
  maxBytes: number,
  deadlines: Deadlines,
): AsyncGenerator<Buffer, void> {
  if (Number(answer.headers['content-length']) > maxBytes) throw bodyTooLong(url, maxBytes);
  let size = 0;
  const chunks = answer[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  for (;;) {
    const piece = await nextPiece(chunks, answer, url, deadlines);
    if (piece === null) return;
    size += piece.length;
    if (size > maxBytes) throw bodyTooLong(url, maxBytes);
    yield piece;
  }
}

async function nextPiece(
  chunks: AsyncIterator<Buffer>,
  answer: IncomingMessage,
  url: string,
  deadlines: Deadlines,
): Promise<Buffer | null> {
  deadlines.signal.throwIfAborted();
  deadlines.await('idle');
  try {
    const { done, value } = await chunks.next();
    if (!done) return value;
  } catch (error) {
    if (deadlines.signal.aborted) throw deadlines.signal.reason;
    throw bodyCut(url, bareError(error as Error));
  } finally {
    deadlines.pause();
  }
  if (deadlines.signal.aborted) throw deadlines.signal.reason;
  if (!answer.complete) throw bodyCut(url);
  return null;
}

/** Whether one knows where the body ends without the connection's end: then one of no bytes is no cut one. */
function tellsEnd({ headers, statusCode }: IncomingMessage): boolean {
  const isTold = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  return isTold || statusCode === 204 || statusCode === 304;
}

function bodyCut(url: string, cause?: Error): ApiUnavailable {
  return new ApiUnavailable(
    'API_BODY_CUT',
    `${originAndPath(url)}: expected a whole body, got one whose connection ended too early`,
    null,
    undefined,
    { cause },
  );
}
