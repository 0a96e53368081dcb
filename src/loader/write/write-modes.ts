import { TerminalError } from '../../errors.js';
import { append } from './append.js';
import type { WriteMode } from './write-mode.js';
import type { WriteModeName } from './write-rule.js';

/** Every write mode that loads know. */
const WRITE_MODES: Partial<Record<WriteModeName, WriteMode>> = { append };

/** @throws TerminalError `WRITE_MODE` for one that loads do not know yet */
export function writeMode(name: WriteModeName): WriteMode {
  const mode = WRITE_MODES[name];
  if (mode) return mode;
  throw new TerminalError(
    'WRITE_MODE',
    `expected one of ${Object.keys(WRITE_MODES).join(', ')}, got ${name}`,
  );
}
