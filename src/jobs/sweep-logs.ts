import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isOpen } from './find-run-states.js';
import type { RunState } from './run-report.js';
import type { SweepLimits } from './sweep-limits.js';
import type { Removed } from './sweep-report.js';

const LOG = /^\d{4}-\d{2}-\d{2}-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.log$/;

interface LogFile {
  path: string;
  runId: string;
  bytes: number;
  isOld: boolean;
}

interface LogSweep extends Pick<SweepLimits, 'before' | 'logBytes'> {
  /** The states of runs by id, without those that are not there. */
  statesOf: (runIds: string[]) => Promise<Map<string, RunState>>;
  signal: AbortSignal;
}

/**
 * Removes the logs that were last written to too long ago, then the oldest ones until the rest is small enough; never
 * that of an open run. A run that is not there may be one of another service database, so its log has the same time.
 */
export async function sweepLogs(folder: string, sweep: LogSweep): Promise<Removed> {
  const removed = { count: 0, bytes: 0 };
  const logs = await findLogs(folder, sweep);
  let total = logs.reduce((sum, { isOld, bytes }) => sum + (isOld ? 0 : bytes), 0);
  for (const { path, bytes, isOld } of logs) {
    if (!isOld && total <= sweep.logBytes) continue;
    sweep.signal.throwIfAborted();
    await rm(path, { force: true });
    removed.count += 1;
    removed.bytes += bytes;
    if (!isOld) total -= bytes;
  }
  return removed;
}

/** The logs of runs that are not open, that of the oldest run first. */
async function findLogs(folder: string, { before, statesOf, signal }: LogSweep): Promise<LogFile[]> {
  const names = (await readdir(folder).catch(noFolder)).flatMap((name) => {
    const runId = LOG.exec(name)?.[1];
    return runId ? [{ path: join(folder, name), runId }] : [];
  });
  const states = await statesOf(names.map(({ runId }) => runId));
  const logs: LogFile[] = [];
  for (const { path, runId } of names.filter((log) => !isOpen(states.get(log.runId)))) {
    signal.throwIfAborted();
    const file = await stat(path).catch(() => null);
    if (!file?.isFile()) continue;
    logs.push({ path, runId, bytes: file.size, isOld: file.mtime < before });
  }
  return logs.sort((a, b) => (a.runId < b.runId ? -1 : 1));
}

function noFolder(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}
