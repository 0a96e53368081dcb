import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chooseCases } from '../bench/cases.js';
import { parseOptions } from '../bench/options.js';
import { toMarkdown } from '../bench/report.js';
import { runBench } from '../bench/run-bench.js';
import { median, quantile } from '../bench/statistics.js';
import { FROM_SOURCES } from './service-process.js';

let data: string;

beforeAll(async () => {
  data = await realpath(await mkdtemp(join(tmpdir(), 'millrace-bench-test-')));
});

afterAll(() => rm(data, { recursive: true, force: true }));

/** Nothing here depends on how long anything takes: only that the bench does what it says. */
describe('npm run bench', () => {
  it.each([
    ['--rows', '0', '--rows: expected a whole number above 0, got 0'],
    ['--times', 'often', '--times: expected a whole number above 0, got often'],
    ['--colour', 'red', /Unknown option/],
  ])('refuses %s %s', (name, value, message) => {
    expect(() => parseOptions([name, value])).toThrow(message);
  });

  it('refuses a case that there is none of', () => {
    expect(() => chooseCases(['last-load'])).toThrow(/expected one of first-load, .*, got last-load/);
  });

  it.each([
    [[3, 1, 2], 2, 3],
    [[4, 1], 2.5, 4],
    [[], Number.NaN, Number.NaN],
  ])('knows the middle and the end of %j', (numbers, middle, end) => {
    expect(median(numbers)).toBe(middle);
    expect(quantile(numbers, 0.99)).toBe(end);
  });

  it('times a load and what comes after it, holds the counts against the rows, and tells it in a table', async () => {
    const options = parseOptions(['--rows', '300', '--times', '1', '--peers', 'none', '--data', data]);
    const cases = chooseCases(['rejects-1', 'new-file']);
    const report = await runBench({
      options,
      cases,
      command: 'npm run bench',
      log: () => {},
      program: FROM_SOURCES,
      stillMs: 0,
    });
    expect(report.cases.map(({ skipped }) => skipped)).toEqual([null, null]);
    for (const { job, copy, ratio } of report.cases) {
      expect(job!.ms).toHaveLength(1);
      expect(copy!.rowBytes).toBeGreaterThan(300 * 50);
      expect(ratio).toBeCloseTo(job!.medianMs / copy!.medianMs);
    }
    const lines = toMarkdown(report).split('\n');
    expect(lines.filter((line) => /^\| (rejects-1|new-file) /.test(line))).toHaveLength(2);
  });
});
