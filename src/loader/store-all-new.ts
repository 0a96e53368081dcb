import { isRowFault } from './rules/row-fault.js';
import { LINE_BYTES, packIdentities } from './pack-identities.js';
import { isUnknown, lieInStore, type RowHashes } from './row-hashes.js';
import type { Session } from './session.js';

/** So many are looked for before it is tried; where one row in a hundred is known, one of them nearly always is. */
const SAMPLE = 256;

/**
 * Remembers identities at once where the table has none of them, as is usual for a new file: that takes half the time of
 * looking for each and remembering what was not found. Few enough that it costs little to have tried in vain.
 *
 * @param lines all of them, whole, in ascending order
 * @returns how many the database took; null: it has some of them, or they have to be looked for in another way
 */
export async function storeAllNew(
  session: Session,
  hashes: RowHashes,
  lines: Buffer[],
): Promise<number | null> {
  if (hashes.own !== 'there' || !(await mayAllBeNew(session, hashes, lines))) return null;
  await session.query('SAVEPOINT all_new');
  try {
    const sql = `COPY ${hashes.store} (row_hash) FROM STDIN (FORMAT binary)`;
    const { rows } = await session.copyIn(sql, packIdentities(inOrder(lines), null));
    await session.query('RELEASE SAVEPOINT all_new');
    return rows;
  } catch (error) {
    if (!isRowFault(error)) throw error;
    await session.query('ROLLBACK TO SAVEPOINT all_new');
    return null;
  }
}

async function mayAllBeNew(session: Session, hashes: RowHashes, lines: Buffer[]): Promise<boolean> {
  const { rows } = await session.query<{ areNew: boolean }>(
    `SELECT ${lieInStore(hashes)} AND NOT EXISTS (
       SELECT FROM unnest($1::uuid[]) AS s (row_hash) WHERE NOT (${isUnknown(hashes, 's.row_hash')})) AS "areNew"`,
    [sampleOf(lines)],
  );
  return rows[0]!.areNew;
}

/** Evenly from all lines. */
function sampleOf(lines: Buffer[]): string[] {
  const all = Buffer.concat(lines);
  const count = all.length / LINE_BYTES;
  const step = Math.max(Math.floor(count / SAMPLE), 1);
  const texts: string[] = [];
  for (let line = 0; line < count; line += step)
    texts.push(all.toString('latin1', line * LINE_BYTES, (line + 1) * LINE_BYTES - 1));
  return texts;
}

export async function* inOrder(chunks: Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks;
}
