import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CsvExport, exportInTurn } from './csv-export.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-exports-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Exports lines that tell their part, and notes what happens in which order. */
class Exports {
  readonly events: string[] = [];
  private writing = 0;
  /** The most that were written at a time. */
  most = 0;

  async *parts(count: number): AsyncGenerator<number> {
    try {
      for (let part = 0; part < count; part++) yield part;
    } finally {
      this.events.push('parts ended');
    }
  }

  begin = (part: number): CsvExport => {
    const path = join(folder, `${part}.csv`);
    return new CsvExport(path, this.write(path, part));
  };

  private async write(path: string, part: number): Promise<void> {
    this.most = Math.max(this.most, ++this.writing);
    await writeFile(path, `${part}\n`.repeat(3));
    this.writing--;
    this.events.push(`wrote ${part}`);
    if (part === 7) throw new Error('no room');
  }
}

async function read(chunks: AsyncIterable<Buffer>, most = Infinity): Promise<string> {
  let text = '';
  for await (const chunk of chunks) {
    text += chunk.toString();
    if (text.length >= most) break;
  }
  return text;
}

describe('exportInTurn', () => {
  it.each([0, 1, 4])('gives %d exports in order, written one at a time', async (count) => {
    const exports = new Exports();
    const text = await read(exportInTurn(exports.parts(count), exports.begin));
    expect(text).toBe(
      [0, 1, 2, 3]
        .slice(0, count)
        .map((part) => `${part}\n`.repeat(3))
        .join(''),
    );
    expect(exports.events.at(-1)).toBe('parts ended');
    expect(exports.most).toBe(Math.min(count, 1));
    expect(await readdir(folder)).toEqual([]);
  });

  it('writes the next while one is read', async () => {
    const exports = new Exports();
    const chunks = exportInTurn(exports.parts(3), exports.begin);
    await chunks.next();
    while (!exports.events.includes('wrote 1')) await new Promise(setImmediate);
    expect(exports.events).toEqual(['wrote 0', 'wrote 1']);
    await chunks.return(undefined);
  });

  it('takes no more memory for many exports than for few', async () => {
    const exports = new Exports();
    const memories = new Set<ArrayBufferLike>();
    for await (const { buffer } of exportInTurn(exports.parts(6), exports.begin)) memories.add(buffer);
    expect(memories.size).toBeLessThan(3);
  });

  it('leaves nothing behind when nobody reads on', async () => {
    const exports = new Exports();
    expect(await read(exportInTurn(exports.parts(4), exports.begin), 1)).toBe('0\n0\n0\n');
    expect(exports.events).toEqual(['wrote 0', 'wrote 1', 'parts ended']);
    expect(await readdir(folder)).toEqual([]);
  });

  it('throws what went wrong with writing, and leaves nothing behind', async () => {
    const exports = new Exports();
    const reading = read(exportInTurn(exports.parts(9), exports.begin));
    await expect(reading).rejects.toThrow('no room');
    expect(exports.events.slice(-2)).toEqual(['wrote 7', 'parts ended']);
    expect(await readdir(folder)).toEqual([]);
  });
});
