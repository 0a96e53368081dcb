import { quoteName, quoteTable, type TablePlace } from '../quote-name.js';
import type { Session } from '../session.js';
import { NO_ROW_FAULTS } from './row-fault.js';
import type { Rule } from './rule.js';

/** Rows of one call of the function; between two calls the load can be cancelled. */
const ROWS_AT_ONCE = 20_000;

export interface Attempt {
  place: TablePlace;
  /** Columns of `pg_temp.incoming` that are written. */
  columns: string[];
  rules: readonly Rule[];
  /** SQL of the rows to write. */
  rows: string;
  /** Stop when more rows than this are refused. */
  most: number;
  signal?: AbortSignal;
}

export interface Tried {
  inserted: number;
  faults: RefusedRow[];
}

/** A row that the table refused. */
export interface RefusedRow {
  row: string;
  file: number;
  why: Why;
}

interface Why {
  column: string | null;
  reason: string;
}

interface Fault {
  row: string;
  file: number;
  state: string;
  constraint: string;
  column: string;
  type: string;
}

/**
 * Inserts rows of `pg_temp.incoming` into the table: many at once, and where that fails, halves of them, until a row that
 * the table refuses stands alone.
 */
export async function tryRows(session: Session, attempt: Attempt): Promise<Tried> {
  // Without gaps, so that half of a range is half of the rows.
  const { rowCount } = await session.queryLong(
    `CREATE TEMP TABLE tried_rows ON COMMIT DROP AS
       SELECT row_number() OVER (ORDER BY "#row") AS n, i.* FROM ${attempt.rows} AS i`,
  );
  await session.queryLong('CREATE INDEX ON pg_temp.tried_rows (n)');
  await session.queryLong('ANALYZE pg_temp.tried_rows');
  await session.query(functionOf(attempt));
  const count = rowCount ?? 0;
  const tried: Tried = { inserted: 0, faults: [] };
  for (let from = 1; from <= count && tried.faults.length <= attempt.most; from += ROWS_AT_ONCE) {
    attempt.signal?.throwIfAborted();
    const most = attempt.most - tried.faults.length;
    await tryRange(session, attempt, { from, to: Math.min(from + ROWS_AT_ONCE - 1, count), most, tried });
  }
  return tried;
}

interface Range {
  from: number;
  to: number;
  most: number;
  /** Takes the result. */
  tried: Tried;
}

async function tryRange(
  session: Session,
  { rules }: Attempt,
  { from, to, most, tried }: Range,
): Promise<void> {
  const { rows } = await session.queryLong<Fault & { done: string | null }>(
    `SELECT t."#row" AS row, t."#file" AS file, f.state, f.constr AS constraint, f.col AS column, f.typ AS type, f.done
       FROM pg_temp.try_rows($1, $2, $3) AS f LEFT JOIN pg_temp.tried_rows AS t ON t.n = f.n ORDER BY t.n`,
    [from, to, Math.min(most, to)],
  );
  for (const { done, ...fault } of rows) {
    if (done !== null) tried.inserted += Number(done);
    else tried.faults.push({ row: fault.row, file: fault.file, why: explain(fault, rules) });
  }
}

/** In the database's words without its texts, which may quote the row. */
function explain({ state, constraint, column, type }: Fault, rules: readonly Rule[]): Why {
  const rule = rules.find(({ name }) => name !== null && (name === constraint || name === type));
  if (rule) return { column: rule.columns.length === 1 ? rule.columns[0]! : null, reason: rule.reason };
  const of = column ? `${column}: ` : '';
  const got = constraint ? `one that breaks ${constraint}` : `SQLSTATE ${state}`;
  const says = SAYS[state] ?? `expected a row that the table takes, got ${got}`;
  return { column: column || null, reason: `${of}${says}` };
}

const SAYS: Record<string, string> = {
  '23502': 'expected a value (NOT NULL), got NULL',
  '23514': 'expected a partition of the table that takes the row, got none',
  P0001: 'expected no error of a trigger, got one',
};

/** Names that begin with # can be no column's. */
function functionOf({ place, columns }: Attempt): string {
  const names = columns.map((name) => quoteName('column', name)).join(', ');
  const states = NO_ROW_FAULTS.map((start) => `'${start}'`).join(', ');
  return `
    CREATE OR REPLACE FUNCTION pg_temp.try_rows("#low" bigint, "#high" bigint, "#most" bigint)
      RETURNS TABLE (n bigint, state text, constr text, col text, typ text, done bigint) LANGUAGE plpgsql AS $try$
    #variable_conflict use_column
    DECLARE
      "#lows" bigint[] := ARRAY["#low"];
      "#highs" bigint[] := ARRAY["#high"];
      "#from" bigint;
      "#to" bigint;
      "#found" bigint := 0;
      "#count" bigint;
      "#done" bigint := 0;
    BEGIN
      WHILE cardinality("#lows") > 0 LOOP
        "#from" := "#lows"[cardinality("#lows")];
        "#to" := "#highs"[cardinality("#highs")];
        "#lows" := trim_array("#lows", 1);
        "#highs" := trim_array("#highs", 1);
        BEGIN
          INSERT INTO ${quoteTable(place)} (${names})
            SELECT ${names} FROM pg_temp.tried_rows AS t WHERE t.n BETWEEN "#from" AND "#to" ORDER BY t.n;
          GET DIAGNOSTICS "#count" = ROW_COUNT;
          "#done" := "#done" + "#count";
        EXCEPTION WHEN OTHERS THEN
          IF left(SQLSTATE, 2) IN (${states}) THEN RAISE; END IF;
          IF "#from" = "#to" THEN
            GET STACKED DIAGNOSTICS constr = CONSTRAINT_NAME, col = COLUMN_NAME, typ = PG_DATATYPE_NAME;
            n := "#from";
            state := SQLSTATE;
            "#found" := "#found" + 1;
            RETURN NEXT;
            EXIT WHEN "#found" > "#most";
          ELSE
            -- The first half comes first: of rows that exclude each other the first one stays.
            "#lows" := "#lows" || (("#from" + "#to") / 2 + 1) || "#from";
            "#highs" := "#highs" || "#to" || (("#from" + "#to") / 2);
          END IF;
        END;
      END LOOP;
      n := NULL;
      done := "#done";
      RETURN NEXT;
    END $try$`;
}
