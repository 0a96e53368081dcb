import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Fetched } from '../fetch-request.js';
import {
  makeFetchPlace,
  recordsOf,
  slice,
  startPageServer,
  type FetchPlace,
} from '../../../../test/api-fetch.js';

// A process that fetches is killed; another one goes on in the same folder.
describe('a fetch that is killed', () => {
  let place: FetchPlace;
  let server: Awaited<ReturnType<typeof startPageServer>>;

  afterEach(async () => {
    await server.close();
    await place.remove();
  });

  /** @param killAt the process ends itself when it has told of that page; 0: it comes to its end */
  function start(parallel: number, killAt = 0): ChildProcess {
    const loader = new URL('../../../../test/load-typescript.ts', import.meta.url).href;
    const script = fileURLToPath(new URL('../../../../test/api-kill-fetch.ts', import.meta.url));
    const args = [`${server.origin}/r`, place.folder, String(parallel), String(killAt)];
    return fork(script, args, { execArgv: ['--import', loader] });
  }

  async function expectRest(parallel: number): Promise<void> {
    const kept = await countLines(join(place.folder, 'checkpoints.ndjson'));
    const before = offsets(server.seen.splice(0));
    const fetched = await result(start(parallel));
    const ids = Object.values(await recordsOf(fetched)).flat() as { id: string }[];
    expect(ids.map(({ id }) => Number(id))).toEqual(Array.from({ length: 240 }, (_, id) => id));
    // No page with a checkpoint is asked for again; the others are the few that were being read, or were to be written together.
    const after = offsets(server.seen);
    expect(after.filter((offset) => offset < kept * 5)).toEqual([]);
    expect(after.filter((offset) => before.includes(offset)).length).toBeLessThanOrEqual(
      parallel + 3 + 2 * 16,
    );
  }

  it.each([
    [1, 1],
    [5, 1],
    [40, 1],
    [30, 3],
  ])('when page %s was kept, with %s at a time, is gone on with', async (killAt, parallel) => {
    place = await makeFetchPlace();
    server = await startPageServer((url) => ({ json: slice(240, url) }));
    expect(await once(start(parallel, killAt), 'exit')).toEqual([null, 'SIGKILL']);
    expect(await countLines(join(place.folder, 'checkpoints.ndjson'))).toBeGreaterThanOrEqual(killAt);
    await expectRest(parallel);
  });

  it.each([
    [1, 1],
    [3, 1],
    [40, 2],
  ])('while page %s is being landed, with %s at a time, is gone on with', async (page, parallel) => {
    place = await makeFetchPlace();
    let isDead = false;
    server = await startPageServer(async (url) => {
      // The page after it is asked for when it was read, before it is on disk.
      if (Number(url.searchParams.get('offset')) === page * 5 && !isDead) {
        first.kill('SIGKILL');
        await once(first, 'exit');
        isDead = true;
      }
      return { json: slice(240, url) };
    });
    const first = start(parallel);
    expect(await once(first, 'exit')).toEqual([null, 'SIGKILL']);
    await expectRest(parallel);
  });
});

/** Whole lines of checkpoints, the first one aside. */
async function countLines(path: string): Promise<number> {
  return (await readFile(path, 'utf8')).split('\n').length - 2;
}

function offsets(seen: { url: string }[]): number[] {
  return seen.map(({ url }) => Number(new URL(url, 'http://h').searchParams.get('offset')));
}

async function result(child: ChildProcess): Promise<Fetched> {
  let fetched: Fetched | null = null;
  child.on('message', (message) => {
    if (typeof message === 'object') fetched = message as Fetched;
  });
  // What it has told may come after its end, and not after its channel is closed.
  const [exit] = await Promise.all([once(child, 'exit'), once(child, 'disconnect')]);
  expect(exit).toEqual([0, null]);
  if (fetched === null) throw new Error('expected what was fetched, got nothing');
  return fetched;
}
