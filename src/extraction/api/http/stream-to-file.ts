import { createHash } from 'node:crypto';
import { lstat, open } from 'node:fs/promises';
import { stampOf, type FileStamp } from '../../open-file.js';
import { TextProbe, type TextTraits } from '../../text-probe.js';
import type { OpenAnswer } from '../api-request.js';
import { bodyTooLong } from './read-body.js';

/** A body on disk, as it was without the compression of the transfer. */
export interface DownloadedBody extends Pick<OpenAnswer, 'status' | 'headers' | 'url'> {
  path: string;
  bytes: number;
  /** SHA-256, hex. */
  fingerprint: string;
  text: TextTraits;
  stamp: FileStamp;
}

/**
 * Writes the body of an answer to a file, anew. Holds one piece of it at a time.
 *
 * @throws what the body throws; ApiRefused `API_BODY_TOO_LONG`, after which the connection is closed
 */
export async function streamToFile(
  answer: OpenAnswer,
  path: string,
  maxBytes: number,
): Promise<DownloadedBody> {
  const hash = createHash('sha256');
  const probe = new TextProbe();
  let bytes = 0;
  const file = await open(path, 'w', 0o600);
  try {
    for await (const chunk of answer.body) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw bodyTooLong(answer.url, maxBytes);
      hash.update(chunk);
      probe.update(chunk);
      await file.writeFile(chunk);
    }
  } finally {
    await file.close();
  }
  const { status, headers, url } = answer;
  const stamp = stampOf(await lstat(path, { bigint: true }));
  return { status, headers, url, path, bytes, fingerprint: hash.digest('hex'), text: probe.finish(), stamp };
}
