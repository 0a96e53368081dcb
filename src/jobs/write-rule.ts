import type { StreamConfig } from '../config-history/pipeline-config.js';
import type { WriteRule } from '../loader/write/write-rule.js';

/** How the rows of a stream are written, in the loader's words. */
export function writeRule({
  write: mode,
  key,
  orderBy,
  minRows,
  maxShrink,
  history,
}: StreamConfig): WriteRule {
  return {
    mode,
    ...(key && { key }),
    ...(orderBy !== undefined && { orderBy }),
    ...(minRows !== undefined && { minRows }),
    ...(maxShrink !== undefined && { maxShrink }),
    ...(history && { history }),
  };
}
