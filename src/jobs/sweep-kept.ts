import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { keptFolder } from './kept-files.js';
import { noFolder } from './no-folder.js';
import type { Removed } from './sweep-report.js';

/** Removes the copies of files that no load has made for long. Who misses one stages the whole file. */
export async function sweepKept(home: string, before: Date): Promise<Removed> {
  const removed = { count: 0, bytes: 0 };
  const folder = keptFolder(home);
  const names = await readdir(folder, { recursive: true }).catch(noFolder);
  for (const name of names) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => null);
    if (!found?.isFile() || found.mtime >= before) continue;
    await rm(path, { force: true });
    removed.count += 1;
    removed.bytes += found.size;
  }
  return removed;
}
