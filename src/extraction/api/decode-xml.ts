import type { DecodedBody, PageText } from './page-decoder.js';

/** Reads an XML page. */
export function decodeXml(page: PageText): DecodedBody {
  throw page.refuse('API_FORMAT_UNKNOWN', 'XML is not there yet');
}
