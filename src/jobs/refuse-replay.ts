import type { StreamConfig } from '../config-history/pipeline-config.js';
import { WRITE_MODES } from '../loader/write/write-modes.js';
import { writeRule } from './write-rule.js';

/** Why rejects of a stream cannot be taken up by themselves; null: they can. */
export function refuseReplay(stream: StreamConfig): string | null {
  const rule = writeRule(stream);
  const why = WRITE_MODES[rule.mode].refuseReplay(rule);
  return (
    why && `expected a write mode that takes single records, got ${rule.mode}: ${why}; run the pipeline again`
  );
}
