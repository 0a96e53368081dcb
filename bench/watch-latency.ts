import { setTimeout as delay } from 'node:timers/promises';

const EVERY_MS = 10;

/** Asks for the paths in turn while `work` goes on, and tells how long each answer took, in milliseconds. */
export async function watchLatency<T>(
  url: string,
  paths: string[],
  work: () => Promise<T>,
): Promise<{ result: T; waits: number[] }> {
  const waits: number[] = [];
  const over = new AbortController();
  const watch = async () => {
    for (let n = 0; !over.signal.aborted; n++) {
      const started = performance.now();
      const response = await fetch(`${url}${paths[n % paths.length]}`);
      await response.arrayBuffer();
      waits.push(performance.now() - started);
      if (!response.ok)
        throw new Error(`${paths[n % paths.length]}: expected an answer, got ${response.status}`);
      await delay(EVERY_MS);
    }
  };
  const watching = watch();
  // Awaited below; a failure must not count as unhandled until then.
  watching.catch(() => {});
  try {
    return { result: await work(), waits };
  } finally {
    over.abort();
    await watching;
  }
}
