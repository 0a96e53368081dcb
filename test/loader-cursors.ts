import { randomUUIDv7 } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Cursor, LoadCursors } from '../src/loader/cursors.js';
import type { ResetRequest } from '../src/loader/reset-table.js';
import { createLoaderFixture, failureOf, type LoaderFixture } from './loader-fixture.js';

const ADA = ['1', 'Ada'];
const BOB = ['2', 'Bob'];
const at = (value: string, partition = '', sourceKey = 'api'): Cursor => ({ sourceKey, partition, value });
const reached = (...cursors: Cursor[]): LoadCursors => ({ begunAt: [], reached: cursors });

/** How far APIs are loaded, and how all of it is forgotten. */
export function cursorCases(): void {
  let loader: LoaderFixture;
  beforeAll(async () => {
    loader = await createLoaderFixture();
  });
  afterAll(() => loader.close());

  const stored = async (
    table: string,
    more: { runId?: string; pipeline?: string; sourceKey?: string } = {},
  ) => {
    const key = { pipeline: 'shop', sourceKey: 'api', runId: randomUUIDv7(), ...more };
    return Object.fromEntries(await loader.service.cursors(loader.target, { table, ...key }));
  };

  describe('cursors', () => {
    it('are kept with the load, each for its pipeline, source and partition', async () => {
      const cursors = reached(at('5'), at('7', '["a"]'), at('9', '', 'other'));
      await loader.load({ table: 'kept', rows: [ADA], cursors });
      expect(await stored('kept')).toEqual({ '': '5', '["a"]': '7' });
      expect(await stored('kept', { sourceKey: 'other' })).toEqual({ '': '9' });
      expect(await stored('kept', { pipeline: 'other' })).toEqual({});
      expect(await stored('elsewhere')).toEqual({});
    });

    it('move with the next load, also when no row is new', async () => {
      const [first, second] = runsInOrder();
      await loader.load({ runId: first, table: 'moving', rows: [ADA], cursors: reached(at('5')) });
      await loader.load({ runId: second, table: 'moving', rows: [ADA], cursors: reached(at('6')) });
      expect(await stored('moving')).toEqual({ '': '6' });
    });

    it('are for the run that has written them what it began at', async () => {
      const [first, second] = runsInOrder();
      await loader.load({ runId: first, table: 'own', rows: [ADA], cursors: reached(at('5')) });
      expect(await stored('own', { runId: first })).toEqual({});
      await loader.load({ runId: second, table: 'own', rows: [BOB], cursors: reached(at('6')) });
      expect(await stored('own', { runId: second })).toEqual({ '': '5' });
    });

    it('do not go back with an older run', async () => {
      const [older, newer] = runsInOrder();
      await loader.load({ runId: newer, table: 'older', rows: [ADA], cursors: reached(at('6')) });
      await loader.load({ runId: older, table: 'older', rows: [BOB], cursors: reached(at('5')) });
      expect(await stored('older')).toEqual({ '': '6' });
    });

    it('stay where they are when the load fails', async () => {
      await loader.load({ table: 'failing', rows: [ADA], cursors: reached(at('5')) });
      await loader.sql(`ALTER TABLE failing ADD CONSTRAINT no_bob CHECK (name <> 'Bob')`);
      const load = loader.load({
        runId: randomUUIDv7(),
        table: 'failing',
        keepsPlaces: false,
        rows: [BOB],
        cursors: reached(at('6')),
      });
      expect(await failureOf(load)).toMatchObject({ code: 'CONSTRAINT_VIOLATED' });
      expect(await stored('failing')).toEqual({ '': '5' });
    });

    it('are many, long, and once where two sources are the same', async () => {
      const long = 'x'.repeat(100_000);
      const many = Array.from({ length: 12_000 }, (_, n) => at(String(n), `["${n}"]`));
      const cursors = reached(at('1', long), ...many, at('2', long), at('a\0b', 'nul'));
      await loader.load({ table: 'many', rows: [ADA], cursors });
      const found = await stored('many');
      expect(Object.keys(found)).toHaveLength(12_001);
      expect([found[long], found['["11999"]'], found['nul']]).toEqual(['2', '11999', undefined]);
    });

    it('are not kept without a table', async () => {
      await loader.load({ table: 'tableless', columns: [], rows: [], cursors: reached(at('5')) });
      await loader.load({ table: 'tableless', rows: [ADA], runId: randomUUIDv7() });
      expect(await stored('tableless')).toEqual({});
    });

    it.each(['DROP TABLE $', 'DROP TABLE $; CREATE TABLE $ (id bigint, name text)'])(
      'go with their table: %s',
      async (statement) => {
        const table = `gone_${statement.length}`;
        await loader.load({ table, rows: [ADA], cursors: reached(at('5')) });
        await loader.sql(statement.replaceAll('$', table));
        expect(await stored(table)).toEqual({});
        // What was fetched from the cursor on does not make up for the rows before it.
        const cursors = { begunAt: ['api'], reached: [at('6')] };
        const load = loader.load({ runId: randomUUIDv7(), table, rows: [BOB], cursors });
        expect(await failureOf(load)).toMatchObject({ code: 'CURSORS_GONE', isTriedOut: true });
        await loader.load({ runId: randomUUIDv7(), table, rows: [ADA, BOB], cursors: reached(at('6')) });
        expect(await stored(table)).toEqual({ '': '6' });
      },
    );
  });

  describe('a reset', () => {
    const all = { pipeline: 'shop', cursors: true, hashes: true, truncate: false };
    const reset = (table: string, more: Partial<ResetRequest> = {}) =>
      loader.service.reset(loader.target, { ...all, table, ...more });
    const lastRun = async (table: string, pipeline = 'shop') =>
      (await loader.service.lastLoad(loader.target, pipeline, table))?.runId;
    const count = async (table: string) =>
      Number((await loader.sql(`SELECT count(*) AS n FROM ${table}`))[0]!['n']);

    /** A table that two pipelines load, each with a cursor. */
    async function fill(table: string): Promise<void> {
      const [shop, other] = [randomUUIDv7(), randomUUIDv7()];
      await loader.load({ runId: shop, table, rows: [ADA], cursors: reached(at('5')) });
      await loader.load({ runId: other, pipeline: 'other', table, rows: [BOB], cursors: reached(at('7')) });
    }

    it('forgets cursors and hashes, and lets no load count as the last', async () => {
      await fill('plain');
      expect(await reset('plain')).toEqual({ loads: 1, cursors: 1, hashes: 2, files: 0, truncated: false });
      expect([await stored('plain'), await lastRun('plain')]).toEqual([{}, undefined]);
      // The other pipeline goes on as it was: its rows are still there.
      expect(await stored('plain', { pipeline: 'other' })).toEqual({ '': '7' });
      expect(await lastRun('plain', 'other')).toBeDefined();
      expect(await loader.load({ table: 'plain', rows: [ADA] })).toMatchObject({ inserted: 1 });
      expect(await count('plain')).toBe(3);
    });

    it('empties the table, and makes every pipeline bring its rows again', async () => {
      await fill('emptied');
      const forgotten = await reset('emptied', { truncate: true });
      expect(forgotten).toEqual({ loads: 2, cursors: 2, hashes: 2, files: 0, truncated: true });
      expect(await count('emptied')).toBe(0);
      expect(await stored('emptied', { pipeline: 'other' })).toEqual({});
      expect(await lastRun('emptied', 'other')).toBeUndefined();
    });

    it.each([
      { part: 'cursors', forgotten: { loads: 1, cursors: 1, hashes: 0, files: 0, truncated: false } },
      { part: 'hashes', forgotten: { loads: 1, cursors: 0, hashes: 2, files: 0, truncated: false } },
    ])('forgets only the $part', async ({ part, forgotten }) => {
      await fill(`only_${part}`);
      expect(await reset(`only_${part}`, { cursors: false, hashes: false, [part]: true })).toEqual(forgotten);
    });

    it('of a table that was never loaded forgets nothing', async () => {
      expect(await reset('unheard', { truncate: true })).toEqual({
        loads: 0,
        cursors: 0,
        hashes: 0,
        files: 0,
        truncated: false,
      });
    });

    it('is undone as a whole when the database refuses a part', async () => {
      await fill('referenced');
      await loader.sql(`ALTER TABLE referenced ADD PRIMARY KEY (id);
        CREATE TABLE referencing (id bigint REFERENCES referenced (id))`);
      expect(await failureOf(reset('referenced', { truncate: true }))).toMatchObject({
        code: 'TARGET_REFUSED',
        message: expect.stringContaining('cannot truncate a table referenced in a foreign key constraint'),
      });
      expect(await stored('referenced')).toEqual({ '': '5' });
      expect(await lastRun('referenced')).toBeDefined();
    });

    it('waits for a load of the table, and ends with its signal', async () => {
      await fill('busy');
      const lock = `SELECT pg_advisory_xact_lock(hashtextextended('millrace load "public"."busy"', 0))`;
      await loader.during(lock, async () => {
        const late = new AbortController();
        const waiting = loader.service.reset(loader.target, { ...all, table: 'busy' }, late.signal);
        waiting.catch(() => undefined);
        await loader.until(`SELECT EXISTS (SELECT FROM pg_stat_activity
          WHERE wait_event = 'advisory' AND datname = current_database())`);
        late.abort(new Error('too late'));
        await expect(waiting).rejects.toThrow('too late');
      });
      expect(await stored('busy')).toEqual({ '': '5' });
    });
  });
}

/** Ids of two runs, the older one first: those that are made in one millisecond sort by chance. */
function runsInOrder(): [older: string, newer: string] {
  return [randomUUIDv7(), randomUUIDv7()].sort() as [string, string];
}
