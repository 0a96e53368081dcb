import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createLoaderFixture, type LoaderFixture } from './loader-fixture.js';
import type { Row } from './make-stage.js';

/** Rules that a table may have, each with what it says of one row. */
const RULES = {
  check: { ddl: 'CHECK (id <> 3)', keeps: ([id]: Row) => id !== '3', column: 'id' },
  notNull: { ddl: 'CHECK (name IS NOT NULL)', keeps: ([, name]: Row) => name !== null, column: 'name' },
  parent: {
    ddl: 'FOREIGN KEY (id) REFERENCES law_parents',
    keeps: ([id]: Row) => id === null || Number(id) < 5,
    column: 'id',
  },
} as const;

interface Table {
  rules: (keyof typeof RULES)[];
  isUnique: boolean;
  /** Raises for a name. */
  trigger: 'BEFORE' | 'AFTER' | null;
}

const tables: fc.Arbitrary<Table> = fc.record({
  rules: fc.subarray(Object.keys(RULES) as (keyof typeof RULES)[]),
  isUnique: fc.boolean(),
  trigger: fc.constantFrom('BEFORE', 'AFTER', null),
});
const value = (values: string[]) => fc.constantFrom<string | null>(...values, null);
const loads = fc.array(
  fc.array(fc.tuple(value(['1', '2', '3', '4', '5', '6']), value(['a', 'b', 'c'])), { maxLength: 12 }),
  { minLength: 1, maxLength: 3 },
);

/** What is in the table, and the counts of one load, by the definition: row by row, the first of those that exclude each other. */
function apply({ rules, isUnique, trigger }: Table, there: Map<string, Row>, rows: Row[]) {
  const counts = { read: rows.length, inserted: 0, updated: 0, duplicate: 0, rejected: 0 };
  const refused = new Set<string>();
  for (const row of rows) {
    const key = JSON.stringify(row);
    const isFree = !isUnique || row[0] === null || ![...there.values()].some(([id]) => id === row[0]);
    const isSound = rules.every((rule) => RULES[rule].keeps(row)) && !(trigger && row[1] === 'c');
    if (there.has(key)) counts.duplicate++;
    else if (isSound && isFree && !refused.has(key)) {
      there.set(key, row);
      counts.inserted++;
    } else {
      refused.add(key);
      counts.rejected++;
    }
  }
  return counts;
}

/** Whatever rules a table has, every row that keeps them is in, and no other; loads are idempotent. */
export function ruleLaws(): void {
  describe('laws of rules', () => {
    let loader: LoaderFixture;
    beforeAll(async () => {
      loader = await createLoaderFixture();
      await loader.sql(`CREATE TABLE law_parents (id bigint PRIMARY KEY);
        INSERT INTO law_parents VALUES (1), (2), (3), (4);
        CREATE FUNCTION law_guard() RETURNS trigger LANGUAGE plpgsql AS
          $f$ BEGIN IF NEW.name = 'c' THEN RAISE 'no'; END IF; RETURN NEW; END $f$`);
    });
    afterAll(async () => {
      await loader.close();
    });

    async function make(table: Table): Promise<void> {
      const constraints = [
        ...table.rules.map((rule) => RULES[rule].ddl),
        ...(table.isUnique ? ['UNIQUE (id)'] : []),
      ];
      await loader.sql('DROP TABLE IF EXISTS law');
      await loader.sql(`CREATE TABLE law (${['id bigint', 'name text', ...constraints].join(', ')})`);
      if (table.trigger)
        await loader.sql(
          `CREATE TRIGGER g ${table.trigger} INSERT ON law FOR EACH ROW EXECUTE FUNCTION law_guard()`,
        );
    }

    it('every row that keeps the rules is in the table, the counts agree, and reasons name columns', async () => {
      const property = fc.asyncProperty(tables, loads, async (table, all) => {
        await make(table);
        const there = new Map<string, Row>();
        for (const rows of all) {
          const expected = apply(table, there, rows);
          const { loadId, ...result } = await loader.load({ table: 'law', rows });
          expect(result).toMatchObject(expected);
          const found = await loader.sql('SELECT id, name FROM law');
          const got = found.map(({ id, name }) => JSON.stringify([id, name]));
          expect(got.sort()).toEqual([...there.keys()].sort());
          const rejects = await loader.sql(
            'SELECT column_name AS c, reason, raw FROM millrace.rejects WHERE load_id = $1',
            [loadId],
          );
          expect(rejects).toHaveLength(expected.rejected);
          for (const { c, reason } of rejects) {
            expect(String(reason)).toMatch(
              c === null ? /^expected no error of a trigger/ : /^(id|name): expected/,
            );
          }
        }
      });
      await fc.assert(property, { numRuns: 25 });
    });
  });
}
