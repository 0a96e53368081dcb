import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Settings } from '../settings/settings.js';
import { Engine } from './engine.js';
import { SchemaService } from './schema.service.js';
import type { Refusal, Stage, StagedLayout, StageReject } from './stage.js';
import type { LandedText, StageRequest } from './stage-request.js';

let home: string;
let engine: Engine;
let schema: SchemaService;
let count = 0;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'millrace-refuse-'));
  const memory = { engine: '256MB', engineThreads: 2 };
  engine = new Engine({ home, dataRoots: [home], memory } as unknown as Settings);
  schema = new SchemaService(engine);
});
afterAll(async () => {
  await engine.onModuleDestroy();
  await rm(home, { recursive: true });
});

interface Made {
  name: string;
  text: string;
  format?: 'csv' | 'ndjson' | 'parquet';
  isRegular?: boolean;
}

async function land({ name, text, format = 'csv', isRegular = true }: Made): Promise<LandedText> {
  const path = join(home, `${count++}-${name}`);
  if (format === 'parquet') {
    const connection = await engine.connect();
    await connection.run(`COPY (${text}) TO '${path}' (FORMAT parquet)`);
    connection.closeSync();
  } else await writeFile(path, text);
  const dialect = { delimiter: ',', quote: '"', header: true, nulls: [''], isRegular };
  const read = format === 'csv' ? { dialect, columns: ['id', 'name'] } : { dialect: null, columns: null };
  const fingerprint = createHash('sha256').update(text).digest('hex');
  const rest = { nested: [], rejects: null, longest: 0 };
  const columns = format === 'ndjson' ? ['id', 'name'] : read.columns;
  return { source: 0, name, fingerprint, format, path, rawPath: path, ...read, columns, ...rest };
}

async function stage(files: Made[], request: Partial<StageRequest> = {}) {
  const folder = join(home, `run-${count++}`);
  await mkdir(folder);
  const landed: LandedText[] = [];
  for (const file of files) landed.push(await land(file));
  const staged = await schema.stage({
    folder,
    table: 'people',
    naming: 'snake_case',
    strictMode: false,
    columns: [{ name: 'id', type: 'integer', required: false, formats: [] }],
    contract: { newColumns: 'evolve', invalidRows: 'reject', maxRejects: null },
    duplicates: 'drop',
    batchRows: 50_000,
    files: landed,
    copies: [],
    existing: null,
    keepPlaces: true,
    ...request,
  });
  return { staged, folder, landed };
}

/** The rows as `placedLines` gives them: number, file, id, name. */
async function placed(staged: Stage, which: 'all' | { unseen: null } = 'all'): Promise<string[][]> {
  const chunks: Buffer[] = [];
  for await (const chunk of staged.placedLines(which)) chunks.push(chunk);
  const lines = Buffer.concat(chunks).toString().trim().split('\n');
  return lines
    .map((line) => line.replaceAll('"', '').split(','))
    .map(([row, file, , ...values]) => [row!, file!, ...values])
    .sort(([a], [b]) => Number(a) - Number(b));
}

/** Refuses the rows with these ids, and reads what was written. */
async function refuse(staged: Stage, ids: number[], withRepeats = false) {
  const list = join(home, `list-${count++}.csv`);
  const rows = await placed(staged, withRepeats ? { unseen: null } : 'all');
  const chosen = rows.filter(([, , id]) => ids.includes(Number(id)));
  await writeFile(list, chosen.map(([row]) => `${row},id,"id: no, thanks"\n`).join(''));
  const refusal: Refusal = { list, withRepeats, path: `${list}.ndjson` };
  const after = await staged.refuse(refusal);
  const lines = (await readFile(refusal.path, 'utf8')).trim().split('\n');
  const parsed = lines.map((line) => JSON.parse(line) as StageReject | StagedLayout);
  return {
    after,
    rejects: parsed.flatMap((line) => ('layout' in line ? [] : [line])),
    layouts: parsed.flatMap((line) => ('layout' in line ? [line.file] : [])),
  };
}

const TEXT = 'id,name\n1,a\nx,bad\n2,b\n3,"c"\n';

describe('rows that are refused after they were staged', () => {
  it.each<[string, Made, [number | null, string][]]>([
    [
      'a plain CSV',
      { name: 'a.csv', text: TEXT },
      [
        [3, 'x,bad'],
        [4, '2,b'],
        [5, '3,"c"'],
      ],
    ],
    [
      'an irregular CSV',
      { name: 'a.csv', text: 'id,name\r\n1,a\r\n\n9\n2,b\n3,"c"', isRegular: false },
      [
        [4, '9'],
        [5, '2,b'],
        [6, '3,"c"'],
      ],
    ],
    [
      'JSON',
      {
        name: 'a.ndjson',
        format: 'ndjson',
        text: [
          { id: '2', name: 'b', '#line': 1, '#at': 1, '#length': 3 },
          { id: '3', name: 'c', '#line': 2, '#at': 2, '#length': 4 },
        ]
          .map((line) => JSON.stringify(line))
          .join('\n'),
      },
      [
        [1, '"id'],
        [2, 'id":'],
      ],
    ],
    [
      'Parquet',
      { name: 'a.parquet', format: 'parquet', text: `SELECT 2 AS id, 'b' AS name UNION ALL SELECT 3, 'c'` },
      [
        [null, '{"id":"2","name":"b"}'],
        [null, '{"id":"3","name":"c"}'],
      ],
    ],
  ])('of %s have their place and text', async (_, file, expected) => {
    const { staged } = await stage([file]);
    const { after, rejects, layouts } = await refuse(staged, [2, 3]);
    expect(rejects.map(({ line, raw }) => [line, raw])).toEqual(expected);
    expect(rejects.at(-1)).toMatchObject({ column: 'id', reason: 'id: no, thanks', file: file.name });
    expect(layouts).toEqual([file.name]);
    expect(after).toMatchObject({ rows: staged.rows - 2, rejected: staged.rejected + 2 });
    expect(after.files[0]!.rejected).toBe(expected.length);
  });

  it('are found among several files, and in each by its own lines', async () => {
    const { staged } = await stage([
      { name: 'a.csv', text: 'id,name\n1,a\n2,b\n' },
      { name: 'b.csv', text: TEXT },
    ]);
    const { after, rejects, layouts } = await refuse(staged, [1, 3]);
    const places = rejects.map(({ file, line, raw }) => [file, line, raw]);
    expect(places).toEqual([
      ['b.csv', 3, 'x,bad'],
      ['a.csv', 2, '1,a'],
      ['b.csv', 2, '1,a'],
      ['b.csv', 5, '3,"c"'],
    ]);
    expect(layouts).toEqual(['b.csv', 'a.csv']);
    expect(after.files.map(({ rejected }) => rejected)).toEqual([1, 3]);
  });

  it('have their places with and without their identity', async () => {
    const { staged } = await stage([{ name: 'a.csv', text: 'id,name\n1,a\n2,""\n1,"b, c"\n' }]);
    const linesOf = async (which: 'all' | 'unidentified') => {
      const chunks = await Array.fromAsync(staged.placedLines(which), (chunk) => chunk.toString());
      return chunks.join('').trim().split('\n').toSorted();
    };
    expect(await linesOf('unidentified')).toEqual(['0,0,,1,a', '1,0,,2,""', '2,0,,1,"b, c"']);
    expect((await linesOf('all')).map((line) => line.replace(/[\da-f-]{36}/, ''))).toEqual(
      await linesOf('unidentified'),
    );
    expect(
      await Promise.all([['id'], ['name'], ['id', 'name']].map((key) => staged.hasRepeats?.(key))),
    ).toEqual([true, false, false]);
  });

  it('take those with them that are identical, where that is asked for', async () => {
    const { staged } = await stage([{ name: 'a.csv', text: 'id,name\n1,a\n2,b\n1,a\n1,b\n' }]);
    expect(await placed(staged, { unseen: null })).toEqual([
      ['0', '0', '1', 'a'],
      ['1', '0', '2', 'b'],
      ['3', '0', '1', 'b'],
    ]);
    const { after, rejects } = await refuse(staged, [1], true);
    expect(rejects.map(({ line }) => line)).toEqual([2, 4, 5]);
    expect(after.rows).toBe(1);
  });

  it('are found where true repeats are rows of their own', async () => {
    const text = 'id,name\n1,a\n2,b\n1,a\n3,c\n1,a\n';
    const { staged } = await stage([{ name: 'a.csv', text }], { duplicates: 'keep' });
    const { rejects } = await refuse(staged, [1, 3]);
    expect(rejects.map(({ line, raw }) => [line, raw])).toEqual([
      [2, '1,a'],
      [4, '1,a'],
      [5, '3,c'],
      [6, '1,a'],
    ]);
  });

  it('are found by another process too, but not in a file that was changed', async () => {
    const { folder, landed } = await stage([{ name: 'a.csv', text: TEXT }]);
    const again = await schema.reopen(folder, 'people');
    expect((await refuse(again!, [2])).rejects).toHaveLength(2);
    await writeFile(landed[0]!.rawPath, TEXT.replace('2,b', '2,x'));
    await expect(refuse(again!, [2])).rejects.toMatchObject({
      code: 'SOURCE_CHANGED',
      message: 'a.csv: expected the file as it was staged, got a changed one',
    });
    expect(await schema.reopen(folder, 'people')).toBeNull();
  });
});
