import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { outputFolder, runOfLeftover } from './combined-csv.js';
import { noFolder } from './no-folder.js';
import { isUuid } from './page.js';
import { runsFolder } from './run-folder.js';
import type { Removed } from './sweep-report.js';

interface Leftover {
  runId: string;
  path: string;
}

/**
 * Removes what dead processes left of runs that are over: run folders, and half-written combined CSVs.
 * @param finished tells which of these runs are over
 */
export async function sweepLeftovers(
  home: string,
  finished: (ids: string[]) => Promise<string[]>,
): Promise<Removed> {
  const leftovers = [...(await runFolders(home)), ...(await halfOutputs(home))];
  const removed = { count: 0, bytes: 0 };
  if (leftovers.length === 0) return removed;
  const isOver = new Set(await finished(leftovers.map(({ runId }) => runId)));
  const gone = leftovers.filter(({ runId }) => isOver.has(runId));
  for (const { path } of gone) {
    removed.bytes += await sizeOf(path);
    await rm(path, { recursive: true, force: true });
    removed.count += 1;
  }
  return removed;
}

async function runFolders(home: string): Promise<Leftover[]> {
  const names = await namesIn(runsFolder(home));
  return names.filter(isUuid).map((runId) => ({ runId, path: join(runsFolder(home), runId) }));
}

async function halfOutputs(home: string): Promise<Leftover[]> {
  const found: Leftover[] = [];
  for (const pipeline of await namesIn(outputFolder(home))) {
    const folder = join(outputFolder(home), pipeline);
    for (const name of await namesIn(folder)) {
      const runId = runOfLeftover(name);
      if (runId) found.push({ runId, path: join(folder, name) });
    }
  }
  return found;
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(noFolder);
}

/** Bytes of a file, or of all files below a folder; what vanishes meanwhile counts for nothing. */
async function sizeOf(path: string): Promise<number> {
  const found = await lstat(path).catch(() => null);
  if (!found?.isDirectory()) return found?.size ?? 0;
  let bytes = 0;
  for (const name of await namesIn(path)) bytes += await sizeOf(join(path, name));
  return bytes;
}
