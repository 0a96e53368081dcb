import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { DecodedBody } from '../decode/page-decoder.js';
import { findsItems } from './count-items.js';

/** Records of a large page after which others have their turn. */
const RECORDS_IN_TURN = 1_000;

/**
 * SHA-256 that tells a page from others, hex: of its records as the API gave them, for a time or a token beside them is another in
 * each answer. Where a path picks parts of what the API gave, those may well be equal: then of the whole body.
 * @param path where the records are
 */
export async function digestRecords(
  { records, broken }: Pick<DecodedBody, 'records' | 'broken'>,
  { path, body }: { path: string; body: Buffer },
): Promise<string> {
  const hash = createHash('sha256');
  if (!findsItems(path)) return hash.update(body).digest('hex');
  for (let at = 0; at < records.length; at += RECORDS_IN_TURN) {
    if (at > 0) await setImmediate();
    hash.update(JSON.stringify(records.slice(at, at + RECORDS_IN_TURN)));
  }
  for (const { raw } of broken) hash.update(`\n${raw}`);
  return hash.digest('hex');
}
