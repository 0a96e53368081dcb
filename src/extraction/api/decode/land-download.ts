import { open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ApiSourceConfig } from '../../../config-history/api-source-config.js';
import { landFile } from '../../land-file.js';
import type { LandedFile, RecordReject } from '../../landed-file.js';
import type { DeclaredEncoding, LocalSource } from '../../local-source.js';
import { readChunks, readPart } from '../../read-chunks.js';
import { ApiRefused } from '../api-errors.js';
import { decodePage } from './decode-page.js';
import { readContentType } from './decode-page-text.js';
import { landPage } from './land-page.js';
import type { PageText } from './page-decoder.js';
import { refuseHtml, settlePageFormat } from './settle-page-format.js';
import type { DownloadedBody } from '../http/stream-to-file.js';
import { sentPacking, detectPacking } from './unpack-page.js';

export interface DownloadToLand {
  source: ApiSourceConfig;
  /** Index of the source in its stream. */
  index: number;
  /** Unique in the source. */
  name: string;
  /** Where it came from, without secrets. */
  url: string;
  /** Absolute path; files are called so, plus an ending. What is too large for memory goes to `landed` beside it. */
  base: string;
  signal?: AbortSignal;
  /** Makes what the answer says fit for messages. */
  hide?: (text: string) => string;
}

export interface LandedDownload {
  /** null: there are no records. */
  file: LandedFile | null;
  /** For progress: records of a large delimited text are counted by its lines. */
  records: number;
}

/** Smaller bodies are read like any other page. */
const pageBytes = 8 * 2 ** 20;

/**
 * Lands what a streamable source has answered, see `isStreamable`, in memory that does not grow with it. A large one is
 * read by the readers of files, so that each of its records that is broken is a reject.
 *
 *     const body = await session.send(request, (answer) => streamToFile(answer, path, source.maxBytes));
 *     const { file } = await landDownload(body, options);
 *
 * Throws ApiRefused for what is not what it should be.
 */
export async function landDownload(body: DownloadedBody, options: DownloadToLand): Promise<LandedDownload> {
  const { source, url, signal } = options;
  if (body.bytes > Math.min(pageBytes, source.maxPageBytes)) {
    const file = await landLarge(body, options);
    const records = (await countLines(file.path, signal)) - (file.dialect?.header ? 1 : 0);
    return { file, records: Math.max(records, 0) + (file.rejects?.count ?? 0) };
  }
  const { status, headers } = body;
  const answer = { status, headers, url: body.url, bytes: await readFile(body.path) };
  const page = await decodePage(answer, source, { url: () => url, text: options.hide });
  const records = page.records.length + page.broken.length;
  const file = records === 0 ? null : await landPage({ ...options, page, fields: source.fields });
  await rm(body.path);
  return { file, records };
}

async function landLarge(body: DownloadedBody, options: DownloadToLand): Promise<LandedFile> {
  const { index, name, url, base, signal } = options;
  const refuse: PageText['refuse'] = (code, reason) =>
    new ApiRefused(code, `${reason} (${url})`, body.status);
  const local = await readAs(body, options.source, refuse);
  const { path, bytes, fingerprint, text, stamp } = body;
  const file = { source: index, name: nameOf(body.url), path, bytes, fingerprint, text, stamp };
  const landed = await landFile(file, local, { folder: dirname(base), signal });
  // Only a file that was refused whole has no encoding: its one reject says why.
  if (landed.detected.encoding === null && landed.rejects !== null) {
    const [line = ''] = (await readFile(landed.rejects.path, 'utf8')).split('\n');
    throw refuse('API_BODY_BROKEN', (JSON.parse(line) as RecordReject).reason);
  }
  const compression = landed.detected.compression ?? sentPacking(body.headers['content-encoding']);
  return { ...landed, name, url, detected: { ...landed.detected, compression } };
}

/** How the readers of files are to take it. */
async function readAs(
  { path, headers }: DownloadedBody,
  { format: declared, records, csv }: ApiSourceConfig,
  refuse: PageText['refuse'],
): Promise<LocalSource> {
  const { mediaType, charset } = readContentType(headers['content-type']);
  const head = await readHead(path);
  const isPacked = detectPacking(head) !== null;
  let format: LocalSource['format'] = declared;
  if (!isPacked) {
    const page = { text: head.toString(), source: { records, csv }, mediaType, refuse };
    refuseHtml(page);
    if (format === 'auto') format = settlePageFormat(page);
  }
  const encoding = charset === '' ? (format === 'xml' ? 'auto' : 'utf-8') : encodingOf(charset, refuse);
  const place = records.startsWith('$') ? records : `$.${records}`;
  return { path: '', include: null, format, csv: { ...csv, encoding }, records: place };
}

async function countLines(path: string, signal?: AbortSignal): Promise<number> {
  const handle = await open(path, 'r');
  try {
    let count = 0;
    for await (const chunk of readChunks(handle, { end: (await handle.stat()).size, signal })) {
      for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) count++;
    }
    return count;
  } finally {
    await handle.close();
  }
}

async function readHead(path: string): Promise<Buffer> {
  const handle = await open(path, 'r');
  try {
    return await readPart(handle, 0, 64 * 1024);
  } finally {
    await handle.close();
  }
}

/** Labels as the WHATWG Encoding Standard has them. */
function encodingOf(charset: string, refuse: PageText['refuse']): DeclaredEncoding {
  if (/^(?:utf-?8|us-ascii|ascii)$/.test(charset)) return 'utf-8';
  if (/^(?:iso-?8859-1|latin-?1|windows-1252|cp1252)$/.test(charset)) return 'windows-1252';
  if (/^utf-16(?:[lb]e)?$/.test(charset)) return charset as DeclaredEncoding;
  const expected = 'expected the charset UTF-8, UTF-16, ISO-8859-1 or windows-1252 in an answer of this size';
  throw refuse('API_BODY_BROKEN', `${expected}, got ${JSON.stringify(charset.slice(0, 40))}`);
}

/** The last part of a URL's path: its ending may tell what is packed in it. */
function nameOf(url: string): string {
  return new URL(url).pathname.split('/').at(-1) || 'download';
}
