import type { ApiSourceConfig } from '../../config-history/api-source-config.js';
import type { RecordReject } from '../landed-file.js';
import type { ApiRefused } from './api-errors.js';
import { decodeCsv } from './decode-csv.js';
import { decodeJson } from './decode-json.js';
import { decodeNdjson } from './decode-ndjson.js';
import { decodeXml } from './decode-xml.js';

export type PageFormat = Exclude<ApiSourceConfig['format'], 'auto'>;

/** A page's text, without compression and byte order mark, and what it is to be read by. */
export interface PageText {
  text: string;
  source: Pick<ApiSourceConfig, 'records' | 'csv'>;
  /** Media type that the answer claims, in lower case and without parameters; empty: none. */
  mediaType: string;
  /** An error about this page; `reason` tells what was expected and got. */
  refuse(code: string, reason: string): ApiRefused;
}

/** What a page holds. */
export interface DecodedBody {
  /** The whole as a value; undefined where it is a mere list of records. */
  body: unknown;
  /** As the API gave them: JSON values, see `parseJson`; numbers that a double would change are raw JSON numbers. */
  records: unknown[];
  /** Records that cannot be read. */
  broken: RecordReject[];
}

/** How each format is read. A new one is a file and a line here. Throws ApiRefused. */
export const decoders: Record<PageFormat, (page: PageText) => DecodedBody | Promise<DecodedBody>> = {
  json: decodeJson,
  ndjson: decodeNdjson,
  csv: decodeCsv,
  xml: decodeXml,
};
