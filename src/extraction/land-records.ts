import { lstat } from 'node:fs/promises';
import { fingerprintFile } from './fingerprint-file.js';
import { landFile } from './land-file.js';
import type { LandedFile } from './landed-file.js';
import type { LocalSource } from './local-source.js';
import { stampOf } from './open-file.js';

/** JSON records, one a line, in UTF-8. */
const LINES: LocalSource = {
  path: '',
  include: null,
  format: 'ndjson',
  csv: { delimiter: 'auto', quote: '"', header: true, columns: null, encoding: 'utf-8', nulls: [] },
  records: '$',
};

/** Lands a file that the service itself has written: JSON records, one a line. */
export async function landRecords(
  path: string,
  options: { folder: string; signal?: AbortSignal },
): Promise<LandedFile> {
  const stamp = stampOf(await lstat(path, { bigint: true }));
  const listed = { name: path, path, stamp };
  const content = await fingerprintFile(listed, options.signal);
  return landFile({ ...listed, source: 0, bytes: Number(stamp.size), ...content }, LINES, options);
}
