import { describe, expect, it } from '@jest/globals';
import { describeProgress, ProgressBar } from './progress-bar.js';

const progress = {
  table: 'orders',
  stage: 'staging' as const,
  streamsDone: 0,
  streamsTotal: 1,
  filesDone: 3,
  filesTotal: 12,
  bytesDone: 500,
  bytesTotal: 1_000,
  rowsDone: 0,
  rowsPerSecond: 8_000,
  bytesPerSecond: 1_200_000,
  etaSeconds: 6,
};

describe('describeProgress', () => {
  it('says all that is known', () => {
    expect(describeProgress(progress)).toBe(
      `[${'#'.repeat(15)}${' '.repeat(15)}] 50 %  orders: staging  3/12 files  1.2 MB/s  8,000 rows/s  6 s left`,
    );
  });

  it('leaves out what nobody knows yet', () => {
    const early = { ...progress, bytesDone: 0, bytesTotal: 0, bytesPerSecond: null, rowsPerSecond: null };
    expect(describeProgress({ ...early, etaSeconds: null })).toBe(
      `[${' '.repeat(30)}] 0 %  orders: staging  3/12 files`,
    );
  });
});

describe('ProgressBar', () => {
  it.each([
    [true, 2],
    [false, 0],
  ])('on a terminal (%p) writes %d times', (isTTY, times) => {
    const written: string[] = [];
    const bar = new ProgressBar({
      isTTY,
      write: (text: string | Uint8Array) => written.push(String(text)) > 0,
    });
    bar.onProgress(progress);
    bar.onState('succeeded');
    expect(written).toHaveLength(times);
    expect(written.every((text) => text.startsWith('\r\x1b[K'))).toBe(true);
  });
});
