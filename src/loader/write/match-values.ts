import { analyzeAside } from './analyze-aside.js';
import type { TableColumn } from '../describe-table.js';
import { quoteTable } from '../quote-name.js';
import type { Session } from '../session.js';
import { countOutcomes, type OutcomeCount, queryOutcomes } from './outcomes.js';
import { rowOf } from './row-values.js';
import type { Incoming, WriteStep } from './write-mode.js';

/**
 * Finds which incoming rows the table has already, value for value and as often as it has them, into `pg_temp.outcomes`
 * (`"#row"`, `"#file"`, `outcome`, `part`, `tid`) as `duplicate`; the others are `inserted`. `pg_temp.standing` then
 * lists the table's rows.
 */
export async function matchByValues(
  { session, place }: WriteStep,
  { columns }: Incoming,
): Promise<OutcomeCount[]> {
  await session.queryLong(
    `CREATE TEMP TABLE standing ON COMMIT DROP AS
       SELECT * FROM ${placedByValues(columns, {
         from: quoteTable(place),
         fields: 'r.tableoid AS part, r.ctid AS tid',
         order: 'part, tid',
       })} AS t`,
  );
  await analyzeAside(session, 'standing');
  const incoming = placedByValues(columns, {
    from: 'pg_temp.incoming',
    fields: 'r."#row", r."#file"',
    order: '"#file", "#row"',
  });
  await session.queryLong(
    `CREATE TEMP TABLE outcomes ON COMMIT DROP AS
       SELECT n."#row", n."#file", p.part, p.tid,
              CASE WHEN p.tid IS NULL THEN 'inserted' ELSE 'duplicate' END AS outcome
         FROM ${incoming} AS n LEFT JOIN pg_temp.standing p ON p.h1 = n.h1 AND p.h2 = n.h2 AND p.place = n.place`,
  );
  await analyzeAside(session, 'outcomes');
  return countOutcomes(session);
}

/** Takes what the table has already out of the incoming rows. */
export function dropMatched(session: Session): Promise<OutcomeCount[]> {
  return queryOutcomes(
    session,
    `WITH gone AS (
       DELETE FROM pg_temp.incoming i USING pg_temp.outcomes o
        WHERE o."#row" = i."#row" AND o.outcome = 'duplicate' RETURNING i."#file")
     SELECT "#file" AS file, 'duplicate' AS outcome, count(*) AS count FROM gone GROUP BY 1`,
  );
}

/**
 * SQL of rows with a digest of their values (`h1`, `h2`) and the number of each among those with equal ones (`place`).
 *
 * @param rows where they come `from`, SQL of the `fields` of a row `r` that are wanted besides, and their `order` by those
 */
export function placedByValues(
  columns: TableColumn[],
  { from, fields, order }: { from: string; fields: string; order: string },
): string {
  return (
    `(SELECT *, row_number() OVER (PARTITION BY h1, h2 ORDER BY ${order}) AS place ` +
    `FROM (SELECT ${fields}, ${digest(columns, 'r')} FROM ${from} AS r) AS digested)`
  );
}

/** 128 bits, so that no two rows of a table are taken for one by chance; equal values have equal ones. */
function digest(columns: TableColumn[], alias: string): string {
  const row = rowOf(columns, alias);
  return `hash_record_extended(${row}, 0) AS h1, hash_record_extended(${row}, 6364136223846793005) AS h2`;
}
