import type { RecordReject } from '../../landed-file.js';
import type { DecodedBody, PageText } from './page-decoder.js';
import { describeFault } from './decode-json.js';
import { parseJson } from '../parse-json.js';

/** Reads a page of JSON values, one a line; a line that is none is a refused record. */
export function decodeNdjson({ text, source, refuse }: PageText): DecodedBody {
  if (source.records !== '$') {
    const shown = JSON.stringify(source.records);
    throw refuse('API_RECORDS_MISSING', `records: expected "$" for JSON lines, got ${shown}`);
  }
  const records: unknown[] = [];
  const broken: RecordReject[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const raw = line.trim();
    if (raw === '') continue;
    try {
      records.push(parseJson(raw));
    } catch (error) {
      const reason = `expected JSON, got ${describeFault(raw, error)}`;
      broken.push({ line: index + 1, column: null, reason, raw });
    }
  }
  return { body: undefined, records, shape: 'list', broken };
}
