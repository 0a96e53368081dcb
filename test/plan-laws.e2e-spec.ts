import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PlanDto } from '../src/jobs/plan/plan.dto.js';
import type { RunDto, StreamReportDto } from '../src/jobs/run.dto.js';
import type { SchemaChangePageDto } from '../src/jobs/schema-changes.dto.js';
import { Service } from './jobs-support.js';
import { planOf } from './plan-support.js';
import { createApp, type TestApp } from './support.js';

let app: TestApp;
let service: Service;
let round = 0;

beforeAll(async () => {
  app = await createApp();
  service = new Service(app.url);
});

afterAll(() => app.close());

/** The same cases in every run of the tests; LAW_SEED=<number> looks for others, LAW_RUNS=<number> for more. */
const SEED = Number(process.env['LAW_SEED'] ?? 20_261_128);
const RUNS = Number(process.env['LAW_RUNS'] ?? 8);

type Value = string | number | null;
type Row = Record<string, Value>;

interface File {
  format: 'csv' | 'json' | 'ndjson';
  rows: Row[];
}

interface Stream {
  /** Part of the schema's columns; none: all are inferred. */
  declared: string[];
  isStrict: boolean;
  newColumns: 'evolve' | 'ignore' | 'fail';
  maxRejects: '0' | '40%' | null;
  duplicates: 'drop' | 'keep';
  write: string;
  /** No two rows have one `id`; its rows refer to those of the stream before it. */
  isUnique: boolean;
  isLinked: boolean;
  /** What the folder holds at the first plan, and what comes besides before the second. */
  files: [File[], File[]];
}

const TYPES: Record<string, string> = {
  id: '{ type: bigint, required: true }',
  amount: 'numeric(6,2)',
  day: "{ type: date, formats: ['%d/%m/%Y', '%Y-%m-%d'] }",
  note: 'varchar(3)',
};

const row: fc.Arbitrary<Row> = fc.record(
  {
    id: fc.oneof(
      { weight: 9, arbitrary: fc.integer({ min: 1, max: 9 }) },
      { weight: 1, arbitrary: fc.constant('x') },
    ),
    amount: fc.constantFrom<Value>(1, 2.5, '007', '+1.50', '1.234', null, 'many'),
    day: fc.constantFrom<Value>('2024-02-03', '03/02/2024', '30/01/2024', null, 'never'),
    note: fc.constantFrom<Value>('a', 'long', 'ü', null),
    more: fc.constantFrom<Value>('true', 'false', '1'),
  },
  { requiredKeys: ['id'] },
);

const file: fc.Arbitrary<File> = fc.record({
  format: fc.constantFrom('csv', 'json', 'ndjson'),
  rows: fc.array(row, { minLength: 1, maxLength: 6 }),
});

const stream: fc.Arbitrary<Stream> = fc.record({
  declared: fc.subarray(Object.keys(TYPES)),
  isStrict: fc.boolean(),
  newColumns: fc.constantFrom('evolve', 'evolve', 'ignore', 'fail'),
  maxRejects: fc.constantFrom(null, null, '0', '40%'),
  duplicates: fc.constantFrom('drop', 'keep'),
  write: fc.constantFrom('append'),
  isUnique: fc.boolean(),
  isLinked: fc.boolean(),
  files: fc.tuple(fc.array(file, { maxLength: 3 }), fc.array(file, { maxLength: 2 })),
});

/** In strict mode there is no other column than those that are declared. */
const hasId = ({ isStrict, declared }: Stream) =>
  !isStrict || declared.length === 0 || declared.includes('id');

function yamlOf(name: string, streams: Stream[]): string {
  const parts = streams.map((one, n) => {
    const columns = one.declared.map((column) => `        ${column}: ${TYPES[column]}`);
    const key = /upsert|scd2/.test(one.write) ? '\n    key: [id]' : '';
    const limit = one.maxRejects === null ? '' : `, max_rejects: ${one.maxRejects}`;
    const strict = one.isStrict && columns.length > 0 ? '\n      strict_mode: true' : '';
    const unique = one.isUnique && hasId(one) ? '\n    unique: [[id]]' : '';
    const parent = `${name}_${n - 1}`;
    const after =
      one.isLinked && hasId(one) && hasId(streams[n - 1] ?? one)
        ? `\n    foreign_keys: [{ columns: [id], references: ${parent}(id) }]`
        : `\n    after: [${parent}]`;
    return `
  - table: ${name}_${n}
    sources: [{ type: local, path: ${name}/${n} }]
    write: ${one.write}${key}
    duplicates: ${one.duplicates}
    contract: { new_columns: ${one.newColumns}${limit} }${unique}${n > 0 ? after : ''}${
      columns.length > 0 ? `\n    schema:${strict}\n      columns:\n${columns.join('\n')}` : ''
    }`;
  });
  return `pipeline: ${name}\nmonitor: false\nstreams:${parts.join('')}\n`;
}

const FORMATS: Record<File['format'], (rows: Row[]) => string> = {
  csv: (rows) => {
    const names = [...new Set(rows.flatMap((one) => Object.keys(one)))];
    const lines = rows.map((one) => names.map((name) => one[name] ?? '').join(','));
    return `${[names.join(','), ...lines].join('\n')}\n`;
  },
  json: (rows) => JSON.stringify(rows),
  ndjson: (rows) => rows.map((one) => `${JSON.stringify(one)}\n`).join(''),
};

async function write(name: string, streams: Stream[], step: 0 | 1): Promise<void> {
  for (const [n, { files }] of streams.entries()) {
    const folder = join(app.dataRoot, name, String(n));
    await mkdir(folder, { recursive: true });
    for (const [at, { format, rows }] of files[step].entries())
      await writeFile(join(folder, `${step}-${at}.${format}`), FORMATS[format](rows));
  }
}

type Counted = Pick<StreamReportDto, 'read' | 'inserted' | 'updated' | 'duplicate' | 'rejected'>;

const countsOf = ({ read, inserted, updated, duplicate, rejected }: Counted) => {
  return { read, inserted, updated, duplicate, rejected };
};

/** What a plan says that a run says too, in one form. */
function foretold({ streams }: PlanDto) {
  return streams.map((one) => ({
    table: one.table,
    state: one.state === 'loads' ? 'succeeded' : one.state,
    counts: countsOf(one.counts),
    deleted: one.counts.deleted,
    files: one.state === 'loads' ? one.files.map((part) => [part.name, countsOf(part)]) : [],
    columns: one.state === 'loads' ? one.columns.map(({ name, type }) => [name, type]) : [],
    ddl: one.ddl,
    error: one.error?.code ?? null,
  }));
}

async function cameTrue(run: RunDto, name: string) {
  const { body } = await service.get<SchemaChangePageDto>(`/pipelines/${name}/schema-changes?limit=100`);
  const changes = body.items.filter(({ runId }) => runId === run.id).toReversed();
  return run.streams.map((one) => ({
    table: one.table,
    state: one.state,
    counts: countsOf(one),
    deleted: one.deleted,
    files: one.state === 'succeeded' ? one.files.map((part) => [part.name, countsOf(part)]) : [],
    columns: one.state === 'succeeded' ? one.columns.map(({ name: column, type }) => [column, type]) : [],
    ddl: changes.filter(({ table }) => table === one.table).map(({ statement }) => statement),
    error: one.error?.code ?? null,
  }));
}

describe('for random configs and folders', () => {
  it('a run does what the plan says: states, counts of streams and files, columns, DDL, errors', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(stream, { minLength: 1, maxLength: 2 }), async (streams) => {
        const name = `planned_${++round}`;
        const yaml = yamlOf(name, streams);
        for (const step of [0, 1] as const) {
          await write(name, streams, step);
          const plan = await planOf(service, yaml);
          expect(plan.status).toBe(200);
          if (step === 0) await service.upload(yaml);
          const run = await service.run({ planId: plan.body.planId });
          expect(await cameTrue(run, name)).toEqual(foretold(plan.body));
          expect(run.state).toBe(plan.body.wouldFail ? 'failed' : 'succeeded');
        }
      }),
      { numRuns: RUNS, seed: SEED },
    );
  }, 3_600_000);
});
