import type { Session } from '../session.js';
import type { Rule, RuledTable } from './rule.js';

/**
 * What only an attempt to write a row shows: exclusion constraints, triggers, domains, and what partitions ask for.
 */
export async function listTrials(session: Session, { oid }: RuledTable): Promise<Rule[]> {
  const { rows } = await session.query<{ name: string; columns: string[]; says: string }>(LIST, [oid]);
  return rows.map(({ name, columns, says }) => {
    const of = columns.length > 0 ? `${columns.join(', ')}: ` : '';
    return { name, columns, reason: `${of}${says}`, findBroken: () => null, isIdle: () => false };
  });
}

// Bits of tgtype: https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_trigger.h
const LIST = `
  SELECT c.conname AS name,
         ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey) ORDER BY a.attnum) AS columns,
         'expected no conflict with another row (exclusion ' || c.conname || '), got one' AS says
    FROM pg_catalog.pg_constraint c
   WHERE c.conrelid = $1 AND c.contype IN ('x', 'u', 'p')
     AND EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indexrelid = c.conindid AND i.indisexclusion)
  UNION ALL
  SELECT t.tgname, ARRAY[]::text[], 'expected no error of a trigger of the table, got one'
    FROM pg_catalog.pg_trigger t
   WHERE t.tgrelid = $1 AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND t.tgtype & 20 <> 0
  UNION ALL
  SELECT t.typname, ARRAY[a.attname::text], 'expected a value that the domain ' || t.typname || ' takes, got another one'
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
   WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped AND t.typtype = 'd'
  UNION ALL
  SELECT c.relname, ARRAY[]::text[], 'expected a partition of the table that takes the row, got none'
    FROM pg_catalog.pg_class c WHERE c.oid = $1 AND c.relkind = 'p'
  ORDER BY 1`;
