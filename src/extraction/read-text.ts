import { TerminalError } from '../errors.js';
import { PathRefused, systemCode } from './file-errors.js';
import { openFile } from './open-file.js';
import { join } from 'node:path';
import { resolvePath, type ReadableFolders } from './resolve-path.js';

/** SQL that people write is shorter. */
const MOST_BYTES = 1_048_576;

/**
 * The text of one small file inside the readable folders, in UTF-8.
 * @throws PathRefused for a path that is missing or not allowed; TerminalError `FILE_REFUSED` for what is no such text
 */
export async function readText(path: string, readable: ReadableFolders): Promise<string> {
  const shown = JSON.stringify(path);
  const place = await resolvePath(path, readable);
  if (place.kind !== 'file') {
    throw new PathRefused('PATH_UNREADABLE', `file: expected a file, got ${shown}, which is a ${place.kind}`);
  }
  const bytes = await readWhole(join(place.folder, place.name), shown);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw refused(shown, 'UTF-8, got other bytes');
  }
}

async function readWhole(path: string, shown: string): Promise<Buffer> {
  const handle = await openFile(path).catch((error: unknown) => {
    if (error instanceof TerminalError) throw error;
    throw new PathRefused('PATH_UNREADABLE', `file: expected to read ${shown}, got ${systemCode(error)}`);
  });
  try {
    const bytes = Buffer.alloc(MOST_BYTES + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read) {
      ({ bytesRead: read } = await handle.read(bytes, length, bytes.length - length));
    }
    if (length > MOST_BYTES) throw refused(shown, `at most ${MOST_BYTES} bytes, got more`);
    return bytes.subarray(0, length);
  } finally {
    await handle.close();
  }
}

function refused(shown: string, what: string): TerminalError {
  return new TerminalError('FILE_REFUSED', `${shown}: expected ${what}`);
}
