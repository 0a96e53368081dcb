import type { ApiSourceConfig } from '../../../config-history/api-source-config.js';
import type { DetectedFormat } from '../../landed-file.js';
import { ApiRefused } from '../api-errors.js';
import type { ApiAnswer } from '../api-request.js';
import { decodePageText, readContentType } from './decode-page-text.js';
import { decoders } from './decoders.js';
import type { DecodedBody, PageFormat, PageText } from './page-decoder.js';
import { refuseHtml, settlePageFormat } from './settle-page-format.js';
import { originAndPath } from '../show-url.js';
import { sentPacking, unpackPage } from './unpack-page.js';

/** A page that was read. */
export interface DecodedPage extends DecodedBody {
  format: PageFormat;
  /** As it was read, for display. */
  encoding: string;
  compression: DetectedFormat['compression'];
  /** Of the body, without the compression of the transfer. */
  bytes: number;
}

export type PageSource = Pick<ApiSourceConfig, 'format' | 'records' | 'csv' | 'maxPageBytes'>;

/**
 * Reads the page that an API answered. Throws ApiRefused when it is not what it should be: HTML, another format, broken,
 * or without anything where the records should be.
 * @param show makes the answer's URL, and what it says, fit for messages
 */
export async function decodePage(
  answer: ApiAnswer,
  source: PageSource,
  show: { url: (url: string) => string; text?: (text: string) => string } = { url: originAndPath },
): Promise<DecodedPage> {
  const refuse: PageText['refuse'] = (code, reason) =>
    new ApiRefused(code, `${reason} (${show.url(answer.url)})`, answer.status);
  const { mediaType, charset } = readContentType(answer.headers['content-type']);
  const { bytes, packing } = await unpackPage(answer.bytes, source.maxPageBytes, refuse);
  const sent = packing ?? sentPacking(answer.headers['content-encoding']);
  const about = { compression: sent, bytes: answer.bytes.length };
  const isEmpty = bytes.length === 0 && (answer.status === 204 || answer.status === 205);
  const format = source.format === 'auto' ? null : source.format;
  if (isEmpty) {
    return {
      ...about,
      format: format ?? 'json',
      encoding: 'utf-8',
      body: null,
      records: [],
      shape: 'none',
      broken: [],
    };
  }
  const { text, encoding } = decodePageText(bytes, charset, refuse);
  const page: PageText = { text, source, mediaType, refuse, hide: show.text };
  refuseHtml(page);
  const settled = format ?? settlePageFormat(page);
  return { ...about, ...(await decoders[settled](page)), format: settled, encoding };
}
