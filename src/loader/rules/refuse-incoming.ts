import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { AfterRefusal } from '../../schema/stage.js';
import type { LoadRequest } from '../load.js';
import type { Session } from '../session.js';
import type { RefusedRow } from './try-rows.js';

/** Makes the table that takes the numbers of the rows that are refused. */
export async function createRefused(session: Session): Promise<void> {
  await session.query(
    'CREATE TEMP TABLE refused_rows ("#row" bigint, "#file" integer, column_name text, reason text) ON COMMIT DROP',
  );
}

const NOTED_AT_ONCE = 10_000;

/** Notes rows that an attempt to write them has found. */
export async function noteRefused(session: Session, refused: RefusedRow[]): Promise<void> {
  for (let at = 0; at < refused.length; at += NOTED_AT_ONCE) {
    const some = refused.slice(at, at + NOTED_AT_ONCE);
    await session.queryLong(
      `INSERT INTO pg_temp.refused_rows SELECT * FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::text[])`,
      [
        some.map(({ row }) => row),
        some.map(({ file }) => file),
        some.map(({ why }) => why.column),
        some.map(({ why }) => why.reason),
      ],
    );
  }
}

/** How many rows are refused so far. */
export async function countRefused(session: Session): Promise<number> {
  const { rows } = await session.queryLong<{ count: string }>('SELECT count(*) FROM pg_temp.refused_rows');
  return Number(rows[0]!.count);
}

/**
 * Takes the refused rows out of `pg_temp.incoming` into `pg_temp.taken_rows` (`"#row"`, `"#file"`, `"#hash"`), and makes
 * rejects of them.
 *
 * @returns the stage without them; null: there is none
 * @throws what `bearRejects` throws when the contract does not bear them
 */
export async function refuseIncoming(
  session: Session,
  { stage, folder, table, signal, bearRejects }: LoadRequest,
  withRepeats: boolean,
): Promise<AfterRefusal | null> {
  const { rowCount } = await session.queryLong(TAKE_OUT);
  if (!rowCount) return null;
  await session.queryLong(
    'DELETE FROM pg_temp.incoming AS i USING pg_temp.taken_rows AS t WHERE i."#row" = t."#row"',
  );
  const list = join(folder, `${table}.refused.${randomUUID()}.csv`);
  try {
    await pipeline(session.copyOut(LIST), createWriteStream(list));
    const path = join(folder, `${table}.refused.${randomUUID()}.ndjson`);
    const after = await stage.refuse({ list, withRepeats, path, ...(signal && { signal }) });
    bearRejects?.(after.rejected - stage.rejected, after);
    return after;
  } finally {
    await rm(list, { force: true });
  }
}

const TAKE_OUT = `
  CREATE TEMP TABLE taken_rows ON COMMIT DROP AS
    SELECT i."#row", i."#file", i."#hash" FROM pg_temp.incoming AS i
     WHERE i."#row" IN (SELECT r."#row" FROM pg_temp.refused_rows AS r)`;

const LIST = `
  COPY (SELECT DISTINCT ON ("#row") "#row", column_name, reason FROM pg_temp.refused_rows ORDER BY "#row")
    TO STDOUT (FORMAT csv)`;
