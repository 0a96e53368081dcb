import type { DecodedBody, PageText } from './page-decoder.js';

/** Reads a page of delimited text (RFC 4180). */
export function decodeCsv(page: PageText): DecodedBody {
  throw page.refuse('API_FORMAT_UNKNOWN', 'CSV is not there yet');
}
