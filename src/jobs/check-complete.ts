import type { StreamConfig } from '../config-history/pipeline-config.js';
import { TransientError } from '../errors.js';
import type { StreamLook } from './look-at-stream.js';

/**
 * Holds that a stream whose table becomes what its sources hold has all of them at hand: the rows of those that are left
 * out would be deleted.
 *
 * @throws TransientError `SOURCES_INCOMPLETE`: what is still being written, or cannot be read now, may be there later
 */
export function checkComplete(
  { table, write }: Pick<StreamConfig, 'table' | 'write'>,
  { missing, skipped }: Pick<StreamLook, 'missing' | 'skipped'>,
): void {
  if (write !== 'replace' || missing === 0) return;
  const names = skipped.slice(0, 5).map(({ name, reason }) => `${name} (${reason})`);
  throw new TransientError(
    'SOURCES_INCOMPLETE',
    `${table}: expected every file of the sources, since write: replace deletes the rows of those that are left out, got ` +
      `${missing} left out: ${names.join(', ')}`,
  );
}
