import type { ApiSourceConfig } from '../../../config-history/api-source-config.js';
import type { RecordReject } from '../../landed-file.js';
import type { ApiRefused } from '../api-errors.js';

export type PageFormat = Exclude<ApiSourceConfig['format'], 'auto'>;

/**
 * In what form records stand in a page; `null`: null stands in their very place; `none`: `{}` does, or null or `{}` stand for the
 * whole answer.
 */
export type RecordsShape = 'list' | 'one' | 'null' | 'none';

/** A page's text, without compression and byte order mark, and what it is to be read by. */
export interface PageText {
  text: string;
  source: Pick<ApiSourceConfig, 'records' | 'csv'>;
  /** Media type that the answer claims, in lower case and without parameters; empty: none. */
  mediaType: string;
  /** An error about this page; `reason` tells what was expected and got. */
  refuse(code: string, reason: string): ApiRefused;
  /** Makes what an answer says fit for messages. */
  hide?(text: string): string;
}

/** What a page holds. */
export interface DecodedBody {
  /** The whole as a value; undefined where it is a mere list of records. */
  body: unknown;
  /** As the API gave them: JSON values, see `parseJson`; numbers that a double would change are raw JSON numbers. */
  records: unknown[];
  shape: RecordsShape;
  /** Of the columns, where the page itself has a header that names them. */
  names?: string[];
  /** Records that cannot be read. */
  broken: RecordReject[];
}

/** Reads pages of one format. One file for each; `decoders.ts` lists them. Throws ApiRefused. */
export type PageDecoder = (page: PageText) => DecodedBody | Promise<DecodedBody>;
