import { quoteTable } from '../quote-name.js';
import { analyzeAside } from './analyze-aside.js';
import { placedByValues } from './match-values.js';
import { type OutcomeCount, queryOutcomes } from './outcomes.js';
import type { Incoming, WriteStep } from './write-mode.js';

/**
 * Holds the incoming rows and those of the table against each other, value for value and as often as there are, and
 * notes in `pg_temp.outcomes` what only one side has: `inserted`, with its place among the incoming rows (`at`), and `deleted`,
 * with its place in the table (`part`, `tid`).
 *
 * @returns how many incoming rows of each file are duplicates or inserted
 */
export async function compareByValues(
  { session, place }: WriteStep,
  { columns }: Incoming,
): Promise<OutcomeCount[]> {
  const sides = {
    incoming: placedByValues(columns, {
      from: 'pg_temp.incoming',
      fields: 'r."#file", r."#row", r.ctid AS at',
      order: '"#file", "#row"',
    }),
    table: placedByValues(columns, {
      from: quoteTable(place),
      fields: 'r.tableoid AS part, r.ctid AS tid',
      order: 'part, tid',
    }),
  };
  const met = `SELECT s."#file", s.at, t.part, t.tid,
      CASE WHEN t.tid IS NULL THEN 'inserted' WHEN s.at IS NULL THEN 'deleted' ELSE 'duplicate' END AS outcome
    FROM ${sides.incoming} AS s FULL JOIN ${sides.table} AS t ON t.h1 = s.h1 AND t.h2 = s.h2 AND t.place = s.place`;
  await session.query(`CREATE TEMP TABLE outcomes ON COMMIT DROP AS ${met} WITH NO DATA`);
  const counts = await queryOutcomes(
    session,
    `WITH met AS (${met}),
          noted AS (INSERT INTO pg_temp.outcomes SELECT * FROM met WHERE outcome <> 'duplicate')
     SELECT "#file" AS file, outcome, count(*) AS count FROM met WHERE outcome <> 'deleted' GROUP BY 1, 2`,
  );
  await analyzeAside(session, 'outcomes');
  return counts;
}
