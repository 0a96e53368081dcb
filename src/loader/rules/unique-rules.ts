import { literalOf, quoteTable } from '../quote-name.js';
import type { Session } from '../session.js';
import type { Rule, RuledTable, Search } from './rule.js';

/** A unique index. */
export interface UniqueIndex {
  name: string;
  /** All columns that it looks at. */
  columns: string[];
  /** SQL of what is compared, over the columns of the table, by the collation of the index. */
  keys: string[];
  /** Names of the columns that are compared; null: not all that is compared are columns. */
  keyColumns: string[] | null;
  /** SQL that holds for the rows that the rule is about; null: for all. */
  predicate: string | null;
  /** Two NULLs are the same. */
  areNullsEqual: boolean;
  isPrimary: boolean;
  /** Columns that the database fills with another value for each row. */
  counted: string[];
  /** It compares columns, and takes for equal what `=` does. */
  isOrdinary: boolean;
}

export type UniqueRule = UniqueIndex & Rule;

/** Unique indexes, be they made by a constraint or not, partial, or over expressions. */
export async function listUnique(session: Session, { oid }: Pick<RuledTable, 'oid'>): Promise<UniqueRule[]> {
  const { rows } = await session.query<UniqueIndex>(LIST, [oid]);
  return rows.map((index) => {
    const reason = describe(index);
    return {
      ...index,
      reason,
      comparesRows: true as const,
      findBroken: (search) => findRepeats(index, reason, search),
      // A number that the database counts up is never there yet.
      isIdle: (columns, key) =>
        index.counted.some((column) => !columns.has(column)) || followsFrom(index, key),
    };
  });
}

/** Rows that differ in a key differ in more columns, too. */
function followsFrom({ isOrdinary, keyColumns }: UniqueIndex, key: readonly string[] = []): boolean {
  return isOrdinary && key.length > 0 && key.every((column) => keyColumns?.includes(column));
}

const LIST = `
  SELECT c.relname AS name, i.indnullsnotdistinct AS "areNullsEqual", i.indisprimary AS "isPrimary",
         pg_get_expr(i.indpred, i.indrelid) AS predicate,
         ARRAY(SELECT CASE WHEN n.oid IS NULL THEN pg_get_indexdef(i.indexrelid, k, false)
                           ELSE format('(%s) COLLATE %I.%I', pg_get_indexdef(i.indexrelid, k, false), n.nspname, o.collname) END
                 FROM generate_series(1, i.indnkeyatts) k
                 LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k - 1]
                 LEFT JOIN pg_catalog.pg_collation o
                        ON o.oid = i.indcollation[k - 1] AND o.oid IS DISTINCT FROM a.attcollation
                 LEFT JOIN pg_catalog.pg_namespace n ON n.oid = o.collnamespace
                ORDER BY k) AS keys,
         CASE WHEN i.indexprs IS NULL THEN ARRAY(
           SELECT a.attname::text FROM generate_series(0, i.indnkeyatts - 1) k
             JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k] ORDER BY k)
         END AS "keyColumns",
         ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = i.indrelid AND a.attnum > 0
                  AND (a.attnum = ANY (i.indkey) OR EXISTS (
                    SELECT FROM pg_catalog.pg_depend d
                     WHERE d.objid = i.indexrelid AND d.refobjid = i.indrelid AND d.refobjsubid = a.attnum))
                ORDER BY a.attnum) AS columns,
         ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
                 LEFT JOIN pg_catalog.pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
                WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
                  AND (a.attidentity <> '' OR pg_get_expr(f.adbin, f.adrelid) ~ 'nextval|uuid')) AS counted,
         i.indexprs IS NULL AND NOT EXISTS (
           SELECT FROM generate_series(0, i.indnkeyatts - 1) k
             JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k]
             JOIN pg_catalog.pg_opclass o ON o.oid = i.indclass[k]
            WHERE NOT o.opcdefault OR i.indcollation[k] <> a.attcollation) AS "isOrdinary"
    FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
   WHERE i.indrelid = $1 AND i.indisunique AND NOT i.indisexclusion AND i.indisvalid
   ORDER BY i.indisprimary DESC, c.relname`;

function describe({
  name,
  columns,
  keyColumns,
}: Pick<UniqueRule, 'name' | 'columns' | 'keyColumns'>): string {
  const what = keyColumns?.length === 1 ? 'a value' : 'values';
  return `${columns.join(', ')}: expected ${what} that no other row has (unique ${name})`;
}

/** The first of several rows counts, by the order of the stage. */
function findRepeats(
  { keys, areNullsEqual, predicate }: UniqueIndex,
  reason: string,
  { place, rows, contenders, kept }: Search,
): string {
  const named = keys.map((key, n) => `${key} AS "#k${n}"`).join(', ');
  const names = keys.map((_, n) => `"#k${n}"`);
  const of = predicate === null ? '' : ` WHERE ${predicate}`;
  const isKnown = areNullsEqual ? 'true' : names.map((name) => `${name} IS NOT NULL`).join(' AND ');
  const equals = areNullsEqual ? 'IS NOT DISTINCT FROM' : '=';
  const areSame = names.map((name) => `t.${name} ${equals} i.${name}`).join(' AND ');
  const nth = `row_number() OVER (PARTITION BY ${names.join(', ')} ORDER BY "#row") AS "#nth"`;
  const there = `SELECT ${named} FROM ${quoteTable(place)} AS k WHERE ${kept('k')}${predicate === null ? '' : ` AND ${predicate}`}`;
  const own = `SELECT "#row", "#file", ${named} FROM ${contenders(rows)} AS c${of}`;
  return (
    `SELECT "#row", "#file", ${literalOf(reason)} || CASE WHEN "#nth" > 1 THEN ', got those of an earlier row' ` +
    `ELSE ', got those of a row of the table' END AS reason ` +
    `FROM (SELECT *, ${nth} FROM (${own}) AS o WHERE ${isKnown}) AS i ` +
    `WHERE "#nth" > 1 OR EXISTS (SELECT FROM (${there}) AS t WHERE ${areSame})`
  );
}
