import { decodeCsv } from './decode-csv.js';
import { decodeJson } from './decode-json.js';
import { decodeNdjson } from './decode-ndjson.js';
import { decodeXml } from './decode-xml.js';
import type { PageDecoder, PageFormat } from './page-decoder.js';

/** How each format is read. A new one is a file and a line here. */
export const decoders: Record<PageFormat, PageDecoder> = {
  json: decodeJson,
  ndjson: decodeNdjson,
  csv: decodeCsv,
  xml: decodeXml,
};
