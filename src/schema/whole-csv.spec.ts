import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WholeCsv } from './whole-csv.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-whole-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function collect(chunks: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  for await (const chunk of chunks) text += chunk.toString();
  return text;
}

describe('WholeCsv', () => {
  it.each([
    ['a plain header', 'id,name\n', '1,Ada\n2,"Bob\nB."\n'],
    ['line ends and quotes inside quotes', '"a\nb","c""\n"\n', '1,2\n'],
    ['a header alone', 'id,name\n', ''],
    ['more rows than one chunk and than all chunks at once', 'id\n', `${'x'.repeat(99)}\n`.repeat(60_000)],
  ])('gives the rows below %s', async (_what, header, rows) => {
    const path = join(folder, `${rows.length}.csv`);
    const whole = new WholeCsv(path, writeFile(path, header + rows));
    expect((await collect(whole.rows())) === rows).toBe(true);
  });

  it('gives rows while the file is not there yet, and while it grows', async () => {
    const path = join(folder, 'grows.csv');
    let goOn = () => {};
    const asked = new Promise<void>((resolve) => (goOn = resolve));
    const write = async () => {
      await asked;
      await writeFile(path, 'id\n1\n');
      await first;
      await appendFile(path, '2\n');
    };
    let got = '';
    let seen = () => {};
    const first = new Promise<void>((resolve) => (seen = resolve));
    const reading = (async () => {
      for await (const chunk of new WholeCsv(path, write()).rows()) {
        got += chunk.toString();
        seen();
      }
    })();
    goOn();
    await reading;
    expect(got).toBe('1\n2\n');
  });

  it('throws what went wrong with writing, and gives no name to what is not whole', async () => {
    const path = join(folder, 'fails.csv');
    const fail = async () => {
      await writeFile(path, 'id\n1\n');
      throw new Error('no room');
    };
    const whole = new WholeCsv(path, fail());
    await expect(collect(whole.rows())).rejects.toThrow('no room');
    expect(whole.hasFailed).toBe(true);
    expect(await whole.linkTo(join(folder, 'target.csv'))).toBe(false);
    await expect(
      collect(new WholeCsv(join(folder, 'none.csv'), Promise.reject(new Error('none'))).rows()),
    ).rejects.toThrow('none');
  });

  it('is found under a second name when it is whole', async () => {
    const path = join(folder, 'one.csv');
    const whole = new WholeCsv(path, writeFile(path, 'id\n1\n'));
    expect(await whole.linkTo(join(folder, 'two.csv'))).toBe(true);
    await rm(path);
    expect(await readFile(join(folder, 'two.csv'), 'utf8')).toBe('id\n1\n');
  });

  it('stops when it is told to', async () => {
    const path = join(folder, 'never.csv');
    const stop = new AbortController();
    const whole = new WholeCsv(path, new Promise(() => {}));
    const reading = collect(whole.rows(stop.signal));
    stop.abort(new Error('stopped'));
    await expect(reading).rejects.toThrow('stopped');
  });
});
