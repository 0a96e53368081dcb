import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RunDto } from '../src/jobs/run.dto.js';
import { query, Service } from './jobs-support.js';
import { createApp, type TestApp } from './support.js';

let app: TestApp;
let service: Service;
let round = 0;

beforeAll(async () => {
  app = await createApp();
  service = new Service(app.url);
});

afterAll(() => app.close());

interface Row {
  id: number;
  name: string | null;
  /** Hundredths; null: NULL; 'bad': a text that is no number. */
  amount: number | null | 'bad';
}

const quoted = (text: string | null) => (text === null ? '' : `"${text.replaceAll('"', '""')}"`);
const money = ({ amount }: Row) => (typeof amount === 'number' ? (amount / 100).toFixed(2) : amount);

function delimited(rows: Row[], delimiter: string, lineEnd: string): string {
  const line = (row: Row) => [quoted(row.name), row.id, money(row) ?? ''].join(delimiter) + lineEnd;
  return ['name', 'ID', 'Amount'].join(delimiter) + lineEnd + rows.map(line).join('');
}

const record = (row: Row) => ({ amount: money(row), id: row.id, name: row.name });

/** The same cases in every run of the tests; LAW_SEED=<number> looks for others. */
const SEED = Number(process.env['LAW_SEED'] ?? 20_261_121);

/** Ways to write the same rows down. */
const FORMATS: Record<string, (rows: Row[]) => string | Buffer> = {
  csv: (rows) => delimited(rows, ',', '\n'),
  'semicolon.csv': (rows) => delimited(rows, ';', '\r\n'),
  tsv: (rows) => delimited(rows, '\t', '\n'),
  'pipe.txt': (rows) => delimited(rows, '|', '\n'),
  'utf16.csv': (rows) => Buffer.from(`\ufeff${delimited(rows, ',', '\n')}`, 'utf16le'),
  'csv.gz': (rows) => gzipSync(delimited(rows, ',', '\n')),
  json: (rows) => JSON.stringify(rows.map(record), null, 1),
  ndjson: (rows) => rows.map((row) => `${JSON.stringify(record(row))}\n`).join(''),
  'json.zst': (rows) => zstdCompressSync(JSON.stringify(rows.map(record))),
};

const row: fc.Arbitrary<Row> = fc.record({
  id: fc.integer({ min: 1, max: 12 }),
  name: fc.oneof(
    fc.constant(null),
    fc.string({ unit: fc.constantFrom('a', 'ü', '👍', '"', ',', '\n', '\\', ' ', ''), maxLength: 4 }),
  ),
  amount: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: -999, max: 999 }) },
    { weight: 1, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.constant('bad' as const) },
  ),
});

/** A `.txt` of one line may be a header or a line of text: nothing in it tells. */
const isClear = ({ format, rows }: { format: string; rows: Row[] }) =>
  format !== 'pipe.txt' || rows.length > 0;

const files = fc.array(
  fc
    .record({ format: fc.constantFrom(...Object.keys(FORMATS)), rows: fc.array(row, { maxLength: 12 }) })
    .filter(isClear),
  { minLength: 1, maxLength: 5 },
);

const config = (name: string) => `
pipeline: ${name}
monitor: false
sources: [{ type: local, path: ${name} }]
schema:
  columns:
    id: { type: bigint, required: true }
    amount: numeric(8,2)
    name: text
`;

const key = (row: object) => JSON.stringify(row);
const valid = (rows: Row[]) => rows.filter(({ amount }) => amount !== 'bad');

async function table(name: string): Promise<string[]> {
  const rows = await query<Row>(
    app.database.url,
    `SELECT id::int, name, (amount * 100)::int AS amount FROM ${name}`,
  );
  return rows.map(key).toSorted();
}

function expectBalance(run: RunDto): void {
  expect(run).toMatchObject({ state: 'succeeded', error: null });
  for (const stream of run.streams) {
    for (const part of [stream, ...stream.files]) {
      const { read, inserted, updated, duplicate, rejected } = part;
      expect(read).toBe(inserted + updated + duplicate + rejected);
    }
  }
}

describe('for random tables, splits into files, formats, repeats and bad rows', () => {
  it('counts balance, the table is the set of valid rows, and running again changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(files, fc.array(row, { minLength: 1, maxLength: 5 }), async (written, later) => {
        const name = `law_${++round}`;
        const folder = join(app.dataRoot, name);
        await mkdir(folder);
        for (const [n, { format, rows }] of written.entries()) {
          await writeFile(join(folder, `${n}.${format}`), FORMATS[format]!(rows));
        }
        await service.upload(config(name));

        const first = await service.run({ pipeline: name });
        expectBalance(first);
        const expected = new Set(written.flatMap(({ rows }) => valid(rows)).map(key));
        expect(await table(name)).toEqual([...expected].toSorted());
        const originals = first.streams[0]!.files.filter((file) => file.copyOf === null);
        for (const file of originals) {
          const { rows } = written[Number.parseInt(file.name, 10)]!;
          expect([file.name, file.read, file.rejected]).toEqual([
            file.name,
            rows.length,
            rows.length - valid(rows).length,
          ]);
        }

        const again = await service.run({ pipeline: name });
        expect(again.streams[0]).toMatchObject({ state: 'unchanged', inserted: 0, rowBytes: 0 });

        await writeFile(join(folder, 'later.csv'), FORMATS['csv']!(later));
        const third = await service.run({ pipeline: name });
        expectBalance(third);
        const fresh = new Set(valid(later).map(key)).difference(expected);
        expect(third.streams[0]!.inserted).toBe(fresh.size);
        expect(await table(name)).toEqual([...expected.union(fresh)].toSorted());
      }),
      { numRuns: 12, seed: SEED },
    );
  });
});
