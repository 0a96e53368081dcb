import { describe, expect, it, jest } from '@jest/globals';
import { ProgressMeter } from './progress-meter.js';
import {
  type FileReport,
  noCounts,
  type RunProgress,
  type StreamReport,
  type StreamState,
} from './run-report.js';

function file(name: string, bytes: number, copyOf: string | null = null): FileReport {
  const unread = { detected: null, durationMs: null, state: 'waiting' as const };
  return { source: 0, name, fingerprint: name, ...noCounts(), bytes, copyOf, ...unread };
}

function stream(table: string, files: FileReport[], state: StreamState = 'waiting'): StreamReport {
  const none = { signature: null, rowBytes: 0, output: null, columns: [], skipped: [], durationMs: null };
  return { table, state, ...noCounts(), ...none, files };
}

function measure(streams: StreamReport[]) {
  let now = 0;
  const told: RunProgress[] = [];
  const meter = new ProgressMeter({
    streams,
    now: () => now,
    tell: async (progress) => void told.push(progress),
  });
  const pass = async (ms: number) => {
    now += ms;
    await Promise.resolve();
    await Promise.resolve();
  };
  return { meter, told, pass };
}

describe('ProgressMeter', () => {
  it('counts each byte that is read once, and goes from nothing to all', () => {
    const streams = [stream('a', [file('1', 600), file('2', 600, '1')]), stream('b', [file('3', 400)])];
    const { meter } = measure(streams);
    expect(meter.measure()).toMatchObject({ bytesDone: 0, bytesTotal: 1_000, streamsDone: 0, filesTotal: 3 });
    const shares: number[] = [];
    for (const state of ['extracting', 'staging', 'loading', 'writing'] as const) {
      streams[0]!.state = state;
      meter.begin(0, state);
      for (const share of [0, 0.5, 1]) {
        meter.advance(0, share);
        shares.push(meter.measure().bytesDone);
      }
    }
    expect(shares).toEqual([...shares].sort((one, other) => one - other));
    expect(shares.at(-1)).toBe(600);
    for (const one of streams) one.state = 'succeeded';
    expect(meter.measure()).toMatchObject({ bytesDone: 1_000, streamsDone: 2, etaSeconds: 0 });
  });

  it('adds up what streams side by side have done', () => {
    const streams = [stream('a', [file('1', 1_000)], 'loading'), stream('b', [file('2', 1_000)], 'loading')];
    const { meter } = measure(streams);
    meter.advance(0, 0.5, 50);
    meter.advance(1, 1, 100);
    expect(meter.measure()).toMatchObject({ table: 'b', rowsDone: 150, bytesDone: 725 + 950 });
  });

  it('tells the speed of the last seconds, and the time that is left', async () => {
    const streams = [stream('a', [file('1', 1_000)], 'loading')];
    const { meter, told, pass } = measure(streams);
    meter.begin(0, 'loading');
    for (const share of [0.2, 0.4, 0.6]) {
      await pass(1_000);
      meter.advance(0, share, share * 100);
    }
    expect(told).toHaveLength(4);
    expect(told.at(-1)).toMatchObject({ rowsDone: 60, rowsPerSecond: 20, bytesPerSecond: 90 });
    // 77 % are done after 3 s.
    expect(told.at(-1)!.etaSeconds).toBe(1);
  });

  it('tells the records of an API while they come, and no time that is left as long as nobody knows how many', async () => {
    const streams = [stream('a', [file('1', 1_000)], 'extracting'), stream('b', [])];
    const { meter, pass } = measure(streams);
    meter.begin(0, 'extracting');
    await pass(1_000);
    meter.advance(0, null, 700);
    expect(meter.measure()).toMatchObject({ rowsDone: 700, etaSeconds: null });
    meter.advance(0, 0.5, 900);
    expect(meter.measure()).toMatchObject({ rowsDone: 900, etaSeconds: null });
    // Of the second one nothing is known yet.
    streams[0]!.state = 'succeeded';
    expect(meter.measure()).toMatchObject({ etaSeconds: null });
    streams[1]!.state = 'staging';
    expect(meter.measure().etaSeconds).toBe(0);
    streams[1]!.files.push(file('2', 1_000));
    streams[1]!.state = 'extracting';
    meter.advance(1, null, 10);
    expect(meter.measure()).toMatchObject({ rowsDone: 910, etaSeconds: null });
    meter.advance(1, 0.5, 20);
    expect(meter.measure().etaSeconds).toBe(1);
  });

  it('tells at most once a second, and nothing while the last one is not through', async () => {
    const { meter, told, pass } = measure([stream('a', [file('1', 1_000)], 'staging')]);
    for (let step = 0; step < 100; step++) {
      meter.advance(0, step / 100);
      await pass(100);
    }
    expect(told).toHaveLength(10);
  });

  it('tells the last of it, though nothing more comes', async () => {
    jest.useFakeTimers();
    try {
      const { meter, told, pass } = measure([stream('a', [file('1', 1_000)], 'staging')]);
      for (const share of [0.1, 0.2, 0.3]) {
        meter.advance(0, share);
        await pass(1);
      }
      expect(told).toHaveLength(1);
      await pass(1_000);
      jest.advanceTimersByTime(1_000);
      expect(told.map(({ bytesDone }) => bytesDone)).toEqual([140, 220]);
      jest.advanceTimersByTime(5_000);
      expect(told).toHaveLength(2);
    } finally {
      jest.useRealTimers();
    }
  });

  it('tells each step at once', async () => {
    const streams = [stream('a', [file('1', 1_000)])];
    const { meter, told, pass } = measure(streams);
    for (const state of ['extracting', 'staging', 'loading'] as const) {
      streams[0]!.state = state;
      meter.begin(0, state);
      await pass(1);
    }
    expect(told.map(({ stage }) => stage)).toEqual(['extracting', 'staging', 'loading']);
  });

  it('outlives a telling that fails', async () => {
    let calls = 0;
    let now = 0;
    const tell = async () => {
      calls++;
      throw new Error('the database is away');
    };
    const meter = new ProgressMeter({ streams: [stream('a', [])], tell, now: () => now });
    meter.advance(0, 0.1);
    await new Promise(setImmediate);
    now = 2_000;
    meter.advance(0, 0.2);
    await new Promise(setImmediate);
    expect(calls).toBe(2);
  });
});
