import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, realpathSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import type { FileState, ReadRequest, ThreadAnswer, ThreadRequest } from './file-thread.js';

// What runs in a FileThread. It imports no other code of the service, so that any Node runs it as it stands.

/** Never waits (a named pipe would), and follows no link as the last part of a path. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;

parentPort!.on('message', (request: ThreadRequest) => {
  parentPort!.postMessage(request.what === 'see' ? seeFiles(request.paths) : readFiles(request), []);
});

function seeFiles(paths: string[]): ThreadAnswer {
  return paths.map((path) => orNull(() => stateOf(lstatSync(path, { bigint: true }))));
}

function readFiles({ paths, most, room }: ReadRequest): ThreadAnswer {
  let at = 0;
  return paths.map((path) => {
    const state = orNull(() => readFile(path, new Uint8Array(room, at, most)));
    at += Number(state?.size ?? 0);
    return state;
  });
}

/** Reads all of a file into the room, if it is one to be read. */
function readFile(path: string, room: Uint8Array): FileState | null {
  const file = openSync(path, OPEN_FLAGS);
  try {
    const before = fstatSync(file, { bigint: true });
    if (!before.isFile() || before.size > room.length || realpathSync.native(path) !== path) return null;
    const size = Number(before.size);
    let length = 0;
    for (let read = -1; read !== 0 && length < size; length += read)
      read = readSync(file, room, length, size - length, length);
    const after = fstatSync(file, { bigint: true });
    return length === size && isSame(before, after) ? stateOf(after) : null;
  } finally {
    closeSync(file);
  }
}

/** A change of any kind sets the ctime. */
function isSame(before: BigIntStats, after: BigIntStats): boolean {
  return before.ctimeNs === after.ctimeNs && before.size === after.size && before.mtimeNs === after.mtimeNs;
}

function stateOf({ size, mtimeNs, ctimeNs, ino, dev }: BigIntStats): FileState {
  return { size, mtimeNs, ctimeNs, ino, dev };
}

/** The system's errors are for those to meet who look at the file by itself. */
function orNull<T>(look: () => T): T | null {
  try {
    return look();
  } catch {
    return null;
  }
}
