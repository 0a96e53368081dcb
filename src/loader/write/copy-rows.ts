import { quoteName, quoteTable } from '../quote-name.js';
import type { WriteStep } from './write-mode.js';

/**
 * Copies the first row of each identity straight into the table, in the order of the stage.
 *
 * @param unseen file that lists the identities; null: all
 * @param onSent told how many bytes are under way
 */
export function copyRows(
  { session, request, place }: WriteStep,
  unseen: string | null,
  onSent: (bytes: number) => void,
): Promise<{ rows: number; bytes: number }> {
  const { stage, signal } = request;
  const columns = stage.columns.map(({ name }) => quoteName('column', name)).join(', ');
  const sql = `COPY ${quoteTable(place)} (${columns}) FROM STDIN (FORMAT csv, NULL '', ENCODING 'UTF8')`;
  const all = unseen === null ? stage.combinedLines?.(signal) : null;
  return session.copyIn(sql, all ?? stage.rowLines(unseen, signal), onSent);
}
