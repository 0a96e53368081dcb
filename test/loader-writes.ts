import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { LoadResult } from '../src/loader/load.js';
import type { WriteRule } from '../src/loader/write/write-rule.js';
import type { StageColumn } from '../src/schema/stage.js';
import { createLoaderFixture, type LoaderFixture } from './loader-fixture.js';
import type { Row } from './make-stage.js';
import {
  appendModel,
  type Files,
  historyModel,
  insertModel,
  replaceByKeyModel,
  replaceModel,
  upsertModel,
  type WriteModel,
} from './write-models.js';

export const THINGS: StageColumn[] = [
  { name: 'id', type: { name: 'bigint' }, required: true },
  { name: 'name', type: { name: 'text' }, required: false },
  { name: 'at', type: { name: 'integer' }, required: false },
];

/** Files are known by what they hold. */
export const asFiles = (files: Files) =>
  files.map((rows) => ({ name: createHash('sha256').update(JSON.stringify(rows)).digest('hex'), rows }));

interface Law {
  name: string;
  rule: WriteRule;
  duplicates?: 'keep';
  model: () => WriteModel;
  /** Of the table, sorted; default: its columns. */
  select?: string;
}

const KEYED = { key: ['id'], orderBy: 'at' };

const LAWS: Law[] = [
  { name: 'append', rule: { mode: 'append' }, model: () => appendModel },
  { name: 'insert', rule: { mode: 'insert' }, model: insertModel },
  { name: 'upsert', rule: { mode: 'upsert', ...KEYED }, model: () => upsertModel },
  { name: 'replace', rule: { mode: 'replace', minRows: 0 }, model: () => replaceModel('drop') },
  {
    name: 'replace with repeats',
    rule: { mode: 'replace', minRows: 0 },
    duplicates: 'keep',
    model: () => replaceModel('keep'),
  },
  { name: 'replace by key', rule: { mode: 'replace', minRows: 0, ...KEYED }, model: () => replaceByKeyModel },
  {
    name: 'scd2',
    rule: { mode: 'scd2', ...KEYED, history: { from: 'since', to: 'until' } },
    model: () => historyModel,
    select: 'id::text, name, at::text, (until IS NULL)::text AS holds',
  },
];

const DISTINCT: Row[] = [
  ['2', 'a', null],
  ['1', 'b', '1'],
];
const REPEATED: Row[] = [...DISTINCT, ['2', 'a', null], ['1', 'b', '1']];

const row = fc.tuple(
  fc.constantFrom('1', '2', '3', '4'),
  fc.constantFrom(null, '', 'a', 'B'),
  fc.constantFrom(null, '1', '2', '3'),
) as fc.Arbitrary<Row>;

/** A load of some files, of which an attempt dies at the n-th row that it changes, or before the n-th that it sends. */
const load = fc.record({
  files: fc.uniqueArray(fc.array(row, { maxLength: 6 }), {
    maxLength: 3,
    selector: (file) => JSON.stringify(file),
  }),
  dies: fc.option(fc.record({ at: fc.integer({ min: 1, max: 6 }), sending: fc.boolean() })),
});

/** What each write mode makes of a table, by definition. */
export function writeCases(): void {
  describe('write modes', () => {
    let loader: LoaderFixture;
    beforeAll(async () => {
      loader = await createLoaderFixture();
      await loader.sql(DEATH);
    });
    afterAll(() => loader.close());

    it.each([
      { by: 'key', rule: { mode: 'replace', key: ['id'] } as WriteRule },
      { by: 'values', rule: { mode: 'replace' } as WriteRule },
    ])('replace by $by: readers see all rows, and what hangs on the table stays', async ({ by, rule }) => {
      const table = `hung_${by}`;
      await loader.sql(`CREATE ROLE reader_${by} LOGIN;
        CREATE TABLE ${table} (number bigint GENERATED ALWAYS AS IDENTITY, id bigint PRIMARY KEY, name text, at integer);
        CREATE INDEX ${table}_name ON ${table} (name);
        CREATE VIEW ${table}_view AS SELECT id, name FROM ${table};
        CREATE TABLE ${table}_child (id bigint REFERENCES ${table});
        GRANT SELECT ON ${table} TO reader_${by}`);
      const rowsOf = (name: string) =>
        Array.from({ length: 500 }, (_, id): Row => [`${id}`, id < 250 ? 'same' : name, null]);
      const plan = { table, columns: THINGS, write: rule };
      await loader.load({ ...plan, files: asFiles([rowsOf('first')]) });
      await loader.sql(`INSERT INTO ${table}_child VALUES (1)`);
      const hanging = `SELECT has_table_privilege('reader_${by}', '${table}', 'SELECT') AS may,
        (SELECT count(*)::int FROM pg_index WHERE indrelid = '${table}'::regclass) AS indexes,
        (SELECT count(*)::int FROM ${table}_view) AS viewed, '${table}'::regclass::oid::int AS oid,
        (SELECT array_agg(number::int ORDER BY id) FROM ${table} WHERE id < 3) AS numbers`;
      const before = await loader.sql(hanging);
      const seen = new Set<unknown>();
      const over = new AbortController();
      const poll = async () => {
        while (!over.signal.aborted)
          seen.add(
            (await loader.sql(`SELECT count(*)::int AS n, count(DISTINCT name)::int AS d FROM ${table}`))[0],
          );
      };
      const polling = poll();
      const second = await loader.load({ ...plan, files: asFiles([rowsOf('second')]), rowsAtOnce: 50 });
      over.abort();
      await polling;
      const changed = by === 'key' ? { updated: 250, deleted: 0 } : { inserted: 250, deleted: 250 };
      expect(second).toMatchObject({ read: 500, duplicate: 250, ...changed });
      for (const one of seen) expect(one).toEqual({ n: 500, d: 2 });
      expect(await loader.sql(hanging)).toEqual(before);
      await loader.sql(`DROP OWNED BY reader_${by}; DROP ROLE reader_${by}`);
    });

    it.each<{ how: string; rule: WriteRule; rows: Row[]; there: string[]; duplicate: number }>([
      {
        how: 'upsert',
        rule: { mode: 'upsert', ...KEYED },
        rows: DISTINCT,
        there: ['2 a', '1 b'],
        duplicate: 0,
      },
      { how: 'replace', rule: { mode: 'replace' }, rows: REPEATED, there: ['2 a', '1 b'], duplicate: 2 },
      {
        how: 'replace by key',
        rule: { mode: 'replace', ...KEYED },
        rows: [...REPEATED, ['2', 'c', '9']],
        there: ['1 b', '2 c'],
        duplicate: 3,
      },
    ])(
      '$how fills an empty table, and changes nothing with the same rows',
      async ({ how, rule, ...rest }) => {
        const { rows, there, duplicate } = rest;
        const table = `empty_${how.replaceAll(' ', '_')}`;
        const plan = { table, columns: THINGS, write: rule, files: asFiles([rows]) };
        const counts = { read: rows.length, inserted: 2, updated: 0, deleted: 0, duplicate };
        const first = await loader.load(plan);
        expect(first).toMatchObject(counts);
        checkFiles(first);
        const names = async () =>
          (await loader.sql(`SELECT id || ' ' || name AS row FROM ${table} ORDER BY 1`)).map(
            ({ row }) => row,
          );
        expect(await names()).toEqual(there.toSorted());
        const again = await loader.load(plan);
        expect(again).toMatchObject({ read: rows.length, inserted: 0, updated: 0, duplicate: rows.length });
        expect(await names()).toEqual(there.toSorted());
      },
    );

    it('replace of an empty table asks for min_rows', async () => {
      const plan = { table: 'empty_few', columns: THINGS, files: asFiles([DISTINCT]) };
      const load = loader.load({ ...plan, write: { mode: 'replace', minRows: 3 } });
      await expect(load).rejects.toMatchObject({ code: 'REPLACE_REFUSED' });
    });

    it.each(LAWS)('$name: the table equals its definition, killed and run again', async (law) => {
      await fc.assert(
        fc.asyncProperty(fc.array(load, { minLength: 1, maxLength: 4 }), async (loads) => {
          const table = `law_${randomUUID().replaceAll('-', '')}`;
          const model = law.model();
          let rows: Row[] = [];
          await makeTable(loader, table, law);
          for (const { files, dies } of loads) {
            const plan = {
              table,
              columns: THINGS,
              files: asFiles(files),
              write: law.rule,
              runId: randomUUID(),
            };
            const how = { ...plan, ...(law.duplicates && { duplicates: law.duplicates }) };
            if (dies) await die(loader, how, dies);
            const wanted = model(rows, files);
            rows = wanted.rows;
            const result = await loader.load(how);
            expect(result).toMatchObject(wanted.counts);
            checkFiles(result);
            expect(await contents(loader, table, law)).toEqual(sorted(rows));
            const again = await loader.load({ ...how, runId: randomUUID() });
            const { read } = wanted.counts;
            expect(again).toMatchObject({ read, inserted: 0, updated: 0, duplicate: read, deleted: 0 });
            expect(await contents(loader, table, law)).toEqual(sorted(rows));
          }
        }),
        { numRuns: 6 },
      );
    });
  });
}

async function makeTable(loader: LoaderFixture, table: string, { rule }: Law): Promise<void> {
  const history = rule.history ? ', since timestamptz NOT NULL, until timestamptz' : '';
  await loader.sql(`CREATE TABLE ${table} (id bigint, name text, at integer${history});
    CREATE TRIGGER die BEFORE INSERT OR UPDATE OR DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION die_at_turn()`);
}

/** Ends the session that changes the row whose turn it is. */
const DEATH = `
  CREATE SEQUENCE turns;
  SELECT setval('turns', 1000000);
  CREATE FUNCTION die_at_turn() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF nextval('turns') = 1000 THEN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5); END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
  END $$`;

type Plan = Parameters<LoaderFixture['load']>[0];

/** An attempt that dies on the way, or is over before that. */
async function die(
  loader: LoaderFixture,
  plan: Plan,
  { at, sending }: { at: number; sending: boolean },
): Promise<void> {
  const stop = new AbortController();
  let sent = 0;
  const betweenChunks = async () => {
    if (++sent === at) stop.abort(new Error('stopped'));
  };
  if (!sending) await loader.sql(`SELECT setval('turns', ${1_000 - at})`);
  const pace = sending ? { rowsAtOnce: 1, betweenChunks, signal: stop.signal } : {};
  const outcome = await loader
    .load({ ...plan, ...pace, attempt: 1 })
    .catch((error: Error & { code?: string }) => error);
  await loader.sql(`SELECT setval('turns', 1000000)`);
  if (outcome instanceof Error) expect(['CONNECTION_LOST', undefined]).toContain(outcome.code);
}

function checkFiles({ files }: LoadResult): void {
  for (const { read, inserted, updated, duplicate, rejected } of files)
    expect(read).toBe(inserted + updated + duplicate + rejected);
}

const sorted = (rows: Row[]) => rows.map((one) => JSON.stringify(one)).sort();

async function contents(loader: LoaderFixture, table: string, { select }: Law): Promise<string[]> {
  const rows = await loader.sql(`SELECT ${select ?? 'id::text, name, at::text'} FROM ${table}`);
  return sorted(rows.map((one) => Object.values(one) as Row));
}
