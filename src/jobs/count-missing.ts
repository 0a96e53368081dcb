import { type ComparedFile, type FileDifference, hiddenBy } from './compare-files.js';
import type { StreamLook } from './look-at-stream.js';

/**
 * How many files that a run had before a run would go without now, though a later look may have them: those that are
 * skipped, those in a folder that is, and those that are gone while another is unsettled, which may be what they are called now.
 */
export function countMissing(
  before: readonly ComparedFile[],
  { skipped, unsettled }: Pick<StreamLook, 'skipped' | 'unsettled'>,
  differences: readonly FileDifference[],
): number {
  const hidden = before.filter(hiddenBy(skipped)).length;
  const gone = differences.filter(({ change }) => change === 'deleted').length;
  return unsettled > 0 ? hidden + gone : hidden;
}
