import { describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { parseMetrics, type Sample } from '../../test/parse-metrics.js';
import { RunMeter } from './run-meter.js';
import { type EndedRun, RunMetrics } from './run-metrics.js';
import { noCounts, type StreamReport, type StreamState } from './run-report.js';

function setUp(): { metrics: RunMetrics; samples: (name: string) => Promise<Sample[]> } {
  const registry = new Registry();
  const metrics = new RunMetrics(registry);
  const samples = async (name: string) => {
    const families = [...parseMetrics(await registry.metrics()).values()];
    return families
      .flatMap((family) => family.samples)
      .filter((sample) => sample.name === `millrace_${name}`);
  };
  return { metrics, samples };
}

const ended = (pipeline: string): EndedRun => {
  const at = new Date();
  return { pipeline, trigger: 'manual', state: 'succeeded', startedAt: at, finishedAt: at };
};

const stream = (table: string, state: StreamState = 'succeeded', read = 1): StreamReport => ({
  ...noCounts(),
  table,
  state,
  read,
  inserted: read,
  signature: null,
  rowBytes: 0,
  output: null,
  columns: [],
  files: [],
  skipped: [],
  durationMs: null,
});

describe('RunMetrics', () => {
  it('escapes every name', async () => {
    const { metrics, samples } = setUp();
    const evil = 'a"} 1\nmillrace_rows_total{pipeline="b\\"\\';
    metrics.endRun(ended(evil), [stream(evil)]);
    expect(await samples('read_rows_total')).toEqual([
      { name: 'millrace_read_rows_total', labels: { pipeline: evil, table: evil }, value: 1 },
    ]);
  });

  it('counts all pipelines and tables beyond a thousand together', async () => {
    const { metrics, samples } = setUp();
    for (let index = 0; index < 1_100; index++)
      metrics.endRun(ended(`p${index}`), [stream('t', 'succeeded', 2)]);
    metrics.endRun(ended('p0'), [stream('t', 'succeeded', 5)]);
    const read = await samples('read_rows_total');
    expect(read).toHaveLength(1_001);
    const of = (pipeline: string) => read.find(({ labels }) => labels['pipeline'] === pipeline)?.value;
    expect([of('p0'), of('p999'), of('p1000'), of('_other')]).toEqual([7, 2, undefined, 200]);
    const finished = await samples('runs_finished_total');
    expect(finished).toHaveLength(1_001);
    expect(finished.reduce((sum, { value }) => sum + value, 0)).toBe(1_101);
  });
});

describe('RunMeter', () => {
  const cases: [string, StreamState[], Record<string, number>][] = [
    [
      'each stage that was ended',
      ['waiting', 'extracting', 'staging', 'loading', 'writing', 'succeeded'],
      { extracting: 1, staging: 1, loading: 1, writing: 1 },
    ],
    ['no stage that failed', ['waiting', 'extracting', 'staging', 'failed'], { extracting: 1 }],
    [
      'a stage again that was tried again',
      ['extracting', 'staging', 'waiting', 'extracting', 'staging'],
      { extracting: 2 },
    ],
    ['what is left of a stage that another worker began', ['loading', 'loading', 'writing'], { loading: 1 }],
    ['nothing where nothing changed', ['waiting', 'unchanged'], {}],
  ];
  it.each(cases)('tells %s', async (_name, states, expected) => {
    const { metrics, samples } = setUp();
    const meter = new RunMeter(metrics);
    for (const state of states) meter.see([stream('a', state), stream('b', 'waiting')]);
    const counts = await samples('stage_duration_seconds_count');
    expect(Object.fromEntries(counts.map(({ labels, value }) => [labels['stage'], value]))).toEqual(expected);
  });
});
