import type { TableColumn } from '../describe-table.js';
import { quoteTable } from '../quote-name.js';
import type { Session } from '../session.js';
import { countOutcomes, type OutcomeCount, queryOutcomes } from './outcomes.js';
import { rowOf } from './row-values.js';
import type { Incoming, WriteStep } from './write-mode.js';

/**
 * Finds which incoming rows the table has already, value for value and as often as it has them, into `pg_temp.outcomes`
 * (`"#row"`, `"#file"`, `outcome`, `part`, `tid`) as `duplicate`; the others are `inserted`. `pg_temp.standing` then
 * lists the table's rows (`part`, `tid`).
 */
export async function matchByValues(
  { session, place }: WriteStep,
  { columns }: Incoming,
): Promise<OutcomeCount[]> {
  await session.queryLong(
    `CREATE TEMP TABLE standing ON COMMIT DROP AS
       SELECT part, tid, h1, h2, row_number() OVER (PARTITION BY h1, h2 ORDER BY part, tid) AS place
         FROM (SELECT t.tableoid AS part, t.ctid AS tid, ${digest(columns, 't')} FROM ${quoteTable(place)} t) AS rows`,
  );
  await session.queryLong('ANALYZE pg_temp.standing');
  await session.queryLong(
    `CREATE TEMP TABLE outcomes ON COMMIT DROP AS
       SELECT n."#row", n."#file", p.part, p.tid,
              CASE WHEN p.tid IS NULL THEN 'inserted' ELSE 'duplicate' END AS outcome
         FROM (SELECT "#row", "#file", h1, h2,
                      row_number() OVER (PARTITION BY h1, h2 ORDER BY "#file", "#row") AS place
                 FROM (SELECT s."#row", s."#file", ${digest(columns, 's')} FROM pg_temp.incoming s) AS rows) AS n
         LEFT JOIN pg_temp.standing p ON p.h1 = n.h1 AND p.h2 = n.h2 AND p.place = n.place`,
  );
  await session.queryLong('ANALYZE pg_temp.outcomes');
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

/** 128 bits, so that no two rows of a table are taken for one by chance; equal values have equal ones. */
function digest(columns: TableColumn[], alias: string): string {
  const row = rowOf(columns, alias);
  return `hash_record_extended(${row}, 0) AS h1, hash_record_extended(${row}, 6364136223846793005) AS h2`;
}
