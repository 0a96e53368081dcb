import { TerminalError } from '../../errors.js';
import { quoteTable } from '../quote-name.js';
import type { WriteStep } from './write-mode.js';

/**
 * Holds that a table may be written in this way after the way before. Every mode takes over the rows of another one; a
 * history alone is not to be taken for rows.
 *
 * @throws TerminalError `WRITE_MODE_CHANGED`
 */
export async function checkSwitch({ session, place, before, rule }: WriteStep): Promise<void> {
  if (before !== 'scd2' || rule.mode === 'scd2') return;
  const { rows } = await session.queryLong(`SELECT FROM ${quoteTable(place)} LIMIT 1`);
  if (rows.length === 0) return;
  throw new TerminalError(
    'WRITE_MODE_CHANGED',
    `table ${place.schema}.${place.table}: expected write: scd2, by which it holds the history of its rows, got ${rule.mode}; ` +
      `load another table, or empty this one first`,
  );
}
