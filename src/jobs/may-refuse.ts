import type { ExistingColumns } from '../loader/load.js';
import type { LoaderService } from '../loader/loader.service.js';
import type { StreamWalk } from './run-walk.js';
import { hasConstraints } from './table-constraints.js';
import { writeRule } from './write-rule.js';

/**
 * Whether the table may refuse rows that pass every check of the stage: by constraints of the config or of its own.
 *
 * @param existing its columns; null: there is no such table
 */
export async function mayRefuse(
  loader: Pick<LoaderService, 'mayRefuse'>,
  { stream, target }: StreamWalk,
  existing: ExistingColumns,
): Promise<boolean> {
  if (hasConstraints(stream)) return true;
  const { table, columns: declared } = stream;
  return loader.mayRefuse(target(), table, { existing, declared, write: writeRule(stream) });
}
