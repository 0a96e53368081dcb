import type { StageColumn } from './stage.js';
import type { DeclaredColumn, StageRequest } from './stage-request.js';

/** What becomes of a value that does not fit its column. */
export interface Misfit {
  mode: 'reject' | 'fail' | 'null';
  /** The key of the contract that says so. */
  key: 'invalid_rows' | 'type_change';
  /** The column says so for itself. */
  isOwn: boolean;
}

/**
 * The mode that holds for a column: a declared one goes by `invalid_rows`, its own before the stream's; one that only the
 * table knows by `type_change`. A required column cannot be NULL, so that its records are rejects.
 */
export function misfitOf(
  { contract }: Pick<StageRequest, 'contract'>,
  declared: DeclaredColumn | undefined,
  known: StageColumn | undefined,
): Misfit {
  const { typeChange, invalidRows } = contract;
  const isRequired = declared?.required ?? known?.required ?? false;
  const misfit = (mode: Misfit['mode'], rest: Omit<Misfit, 'mode'>): Misfit => ({
    mode: mode === 'null' && isRequired ? 'reject' : mode,
    ...rest,
  });
  if (declared) {
    const own = declared.contract?.invalidRows;
    return misfit(own ?? invalidRows, { key: 'invalid_rows', isOwn: own !== undefined });
  }
  if (known && typeChange !== undefined && typeChange !== 'widen') {
    return misfit(typeChange, { key: 'type_change', isOwn: false });
  }
  return misfit(invalidRows === 'fail' ? 'fail' : 'reject', { key: 'invalid_rows', isOwn: false });
}
