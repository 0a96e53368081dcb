import { describe, expect, it } from '@jest/globals';
import { RunNews } from './run-news.js';

/** Longer than any test: what waits so long has not been woken. */
const LONG_MS = 60_000;

describe('RunNews', () => {
  const never = new AbortController().signal;

  it('wakes all that wait for the run', async () => {
    const news = new RunNews();
    const watches = [news.watch('a'), news.watch('a')];
    const waits = watches.map((watch) => watch.wait(LONG_MS, never));
    news.tell('a');
    expect(await Promise.all(waits)).toHaveLength(2);
  });

  it('remembers what came while nobody waited, once', async () => {
    const news = new RunNews();
    const watch = news.watch('a');
    news.tell('a');
    news.tell('a');
    await watch.wait(LONG_MS, never);
    let isOver = false;
    const next = watch.wait(LONG_MS, never).then(() => (isOver = true));
    await Promise.resolve();
    expect(isOver).toBe(false);
    news.tell('a');
    await next;
  });

  it('waits no longer than it is to, nor beyond an abort', async () => {
    const news = new RunNews();
    const watch = news.watch('a');
    const leaving = new AbortController();
    await watch.wait(1, never);
    const waits = [watch.wait(LONG_MS, leaving.signal)];
    leaving.abort();
    waits.push(watch.wait(LONG_MS, leaving.signal));
    expect(await Promise.all(waits)).toHaveLength(2);
  });

  it('tells nobody of another run, and nobody who has ended', async () => {
    const news = new RunNews();
    const [other, ended] = [news.watch('b'), news.watch('a')];
    ended.end();
    news.tell('a');
    const woken: string[] = [];
    const waits = [
      other.wait(LONG_MS, never).then(() => woken.push('other')),
      ended.wait(1, never).then(() => woken.push('in time')),
    ];
    await waits[1];
    expect(woken).toEqual(['in time']);
    news.tell('b');
    await waits[0];
    expect(woken).toEqual(['in time', 'other']);
  });
});
