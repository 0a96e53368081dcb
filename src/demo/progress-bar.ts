import type { WriteStream } from 'node:tty';
import type { RunProgress } from '../jobs/run-report.js';
import type { Follower } from './follow-run.js';

const WIDTH = 30;

/** One line of a terminal that is drawn anew with each news, and gone at the end; nothing where there is no terminal. */
export class ProgressBar implements Follower {
  constructor(private readonly out: Pick<WriteStream, 'write' | 'isTTY'>) {}

  onProgress(progress: RunProgress): void {
    this.draw(describeProgress(progress));
  }

  onState(state: string): void {
    this.draw(state === 'running' || state === 'queued' ? state : '');
  }

  private draw(text: string): void {
    if (this.out.isTTY) this.out.write(`\r\x1b[K${text}`);
  }
}

/** Such as `[######        ] 21 %  orders: staging  3/12 files  1.2 MB/s  8,000 rows/s  6 s left`. */
export function describeProgress(progress: RunProgress): string {
  const { table, stage, filesDone, filesTotal, bytesDone, bytesTotal, etaSeconds } = progress;
  const { bytesPerSecond, rowsPerSecond } = progress;
  const share = bytesTotal === 0 ? 0 : bytesDone / bytesTotal;
  const bar = '#'.repeat(Math.round(share * WIDTH)).padEnd(WIDTH);
  const parts = [
    `[${bar}] ${Math.round(share * 100)} %`,
    `${table}: ${stage}`,
    `${filesDone}/${filesTotal} files`,
  ];
  if (bytesPerSecond) parts.push(`${(bytesPerSecond / 1e6).toFixed(1)} MB/s`);
  if (rowsPerSecond) parts.push(`${rowsPerSecond.toLocaleString('en')} rows/s`);
  if (etaSeconds !== null) parts.push(`${etaSeconds} s left`);
  return parts.join('  ');
}
