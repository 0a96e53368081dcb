import { TerminalError } from '../../errors.js';
import type { WriteStep } from './write-mode.js';

/**
 * Holds that the stage has the columns that its write mode goes by.
 *
 * @throws TerminalError `COLUMNS_MISSING`
 */
export function checkColumns({ request, rule, place }: WriteStep): void {
  const { stage } = request;
  if (stage.columns.length === 0) return;
  const needed = [...(rule.key ?? []), ...(rule.orderBy === undefined ? [] : [rule.orderBy])];
  const missing = needed.filter((name) => !stage.columns.some((column) => column.name === name));
  if (missing.length === 0) return;
  throw new TerminalError(
    'COLUMNS_MISSING',
    `table ${place.schema}.${place.table}: expected the columns ${missing.join(', ')}, by which write: ${rule.mode} ` +
      `tells rows apart, in the sources, got ${stage.columns.map(({ name }) => name).join(', ')}`,
  );
}
