import { mkdir, rm, writeFile } from 'node:fs/promises';
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

interface Write {
  mode: 'append' | 'insert' | 'replace' | 'upsert' | 'scd2';
  /** Its rows are told apart by `id`. */
  isKeyed: boolean;
  /** The newest of a key is that of the greatest `day`. */
  isOrdered: boolean;
}

interface Stream {
  /** Part of the schema's columns; none: all are inferred. */
  declared: string[];
  isStrict: boolean;
  newColumns: 'evolve' | 'ignore' | 'fail';
  maxRejects: '0' | '40%' | null;
  duplicates: 'drop' | 'keep';
  write: Write;
  /** What `replace` asks for. */
  guards: string;
  /** No two rows have one `id`; its rows refer to those of the stream before it. */
  isUnique: boolean;
  isLinked: boolean;
  /** What the folder holds at the first plan, and what comes before the second. */
  files: [File[], File[]];
  /** What becomes of the first files then: they stay, other ones take their names, or all are gone. */
  earlier: 'stay' | 'change' | 'go';
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

const WRITES: Write[] = [
  { mode: 'append', isKeyed: false, isOrdered: false },
  { mode: 'append', isKeyed: true, isOrdered: false },
  { mode: 'insert', isKeyed: false, isOrdered: false },
  { mode: 'replace', isKeyed: false, isOrdered: false },
  { mode: 'replace', isKeyed: true, isOrdered: false },
  { mode: 'replace', isKeyed: true, isOrdered: true },
  { mode: 'upsert', isKeyed: true, isOrdered: false },
  { mode: 'upsert', isKeyed: true, isOrdered: true },
  { mode: 'scd2', isKeyed: true, isOrdered: false },
  { mode: 'scd2', isKeyed: true, isOrdered: true },
];

const anyStream: fc.Arbitrary<Stream> = fc.record({
  declared: fc.subarray(Object.keys(TYPES)),
  isStrict: fc.boolean(),
  newColumns: fc.constantFrom('evolve', 'evolve', 'ignore', 'fail'),
  maxRejects: fc.constantFrom(null, null, '0', '40%'),
  duplicates: fc.constantFrom('drop', 'keep'),
  write: fc.constantFrom(...WRITES),
  guards: fc.constantFrom('', '', '\n    min_rows: 0', '\n    min_rows: 2', '\n    max_shrink: 50%'),
  isUnique: fc.boolean(),
  isLinked: fc.boolean(),
  files: fc.tuple(fc.array(file, { maxLength: 3 }), fc.array(file, { maxLength: 2 })),
  earlier: fc.constantFrom('stay', 'change', 'go'),
});

/** What a write mode goes by has to be declared where strict mode would leave it out. */
const stream = anyStream.map((one): Stream => {
  const needed = [...(one.write.isKeyed ? ['id'] : []), ...(one.write.isOrdered ? ['day'] : [])];
  const isShort = one.isStrict && one.declared.length > 0;
  return isShort ? { ...one, declared: [...new Set([...one.declared, ...needed])] } : one;
});

/** In strict mode there is no other column than those that are declared. */
const hasId = ({ isStrict, declared }: Stream) =>
  !isStrict || declared.length === 0 || declared.includes('id');

function writeOf({ write: { mode, isKeyed, isOrdered }, duplicates, guards }: Stream): string {
  const key = isKeyed ? '\n    key: [id]' : '';
  const orderBy = isOrdered ? '\n    order_by: day' : '';
  const keeps = mode === 'append' || (mode === 'replace' && !isKeyed);
  return `${mode}${key}${orderBy}${keeps ? `\n    duplicates: ${duplicates}` : ''}${mode === 'replace' ? guards : ''}`;
}

function yamlOf(name: string, streams: Stream[]): string {
  const parts = streams.map((one, n) => {
    const columns = one.declared.map((column) => `        ${column}: ${TYPES[column]}`);
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
    write: ${writeOf(one)}
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
  for (const [n, { files, earlier }] of streams.entries()) {
    const folder = join(app.dataRoot, name, String(n));
    if (earlier === 'go') await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const prefix = earlier === 'change' ? 0 : step;
    for (const [at, { format, rows }] of files[step].entries())
      await writeFile(join(folder, `${prefix}-${at}.${format}`), FORMATS[format](rows));
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
