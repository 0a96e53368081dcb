import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import type { ApiSourceConfig } from '../../config-history/api-source-config.js';
import { FileRefused } from '../file-errors.js';
import type { LandedFile } from '../landed-file.js';
import { rejectLine } from '../ndjson-writer.js';
import { encodeSlice } from '../text-window.js';
import { ValueLander } from '../value-lander.js';
import { ApiRefused } from './api-errors.js';
import type { DecodedPage } from './decode-page.js';
import { compileFields } from './pick-fields.js';

/** A page and where it goes. */
export interface PageToLand {
  page: DecodedPage;
  /** Index of the source in its stream. */
  index: number;
  /** Of the page; unique in the source. */
  name: string;
  /** Where it came from, without secrets. */
  url: string;
  /** Absolute path; files are called so, plus an ending. An earlier attempt's are written over. */
  base: string;
  fields: ApiSourceConfig['fields'];
  /** Columns that each record gets besides its own, which they take the place of. */
  include?: Readonly<Record<string, string | null>>;
}

const onlyOwner = { mode: 0o600 };

/**
 * Writes a page's records to disk, one a line as they are to be loaded, and lands them. The fingerprint is that of the
 * records: what else stands in the answer (a time, a token, the place of the next page) does not make a page a new one.
 */
export async function landPage(options: PageToLand): Promise<LandedFile> {
  const { page, index, name, url, base } = options;
  const lander = new ValueLander();
  const pick = compileFields(options.fields);
  const { include } = options;
  try {
    for (const [at, record] of page.records.entries()) {
      const picked = pick(record);
      const isIncluding = include !== undefined && isObject(picked);
      lander.add(isIncluding ? { ...picked, ...include } : picked, at + 1);
    }
  } catch (error) {
    if (error instanceof FileRefused) throw new ApiRefused('API_RECORDS_UNFIT', `${error.reason} (${url})`);
    throw error;
  }
  const { landed, raw, rejects } = lander.take();
  rejects.unshift(...page.broken);
  const rejectLines = rejects
    .map((reject) => rejectLine({ ...reject, raw: encodeSlice(reject.raw) }))
    .join('');
  const written = [
    writeFile(`${base}.ndjson`, landed, onlyOwner),
    writeFile(`${base}.raw.ndjson`, raw, onlyOwner),
  ];
  if (rejects.length > 0) written.push(writeFile(`${base}.rejects.ndjson`, rejectLines, onlyOwner));
  await Promise.all(written);
  const hash = createHash('sha256').update(raw);
  for (const { raw: text } of page.broken) hash.update(`\n${text}`);
  return {
    source: index,
    name,
    fingerprint: hash.digest('hex'),
    bytes: page.bytes,
    url,
    detected: {
      format: page.format,
      compression: page.compression,
      encoding: page.encoding,
      delimiter: null,
      header: null,
    },
    format: 'ndjson',
    path: `${base}.ndjson`,
    rawPath: `${base}.raw.ndjson`,
    dialect: null,
    ...lander.finish(),
    rejects: rejects.length > 0 ? { path: `${base}.rejects.ndjson`, count: rejects.length } : null,
  };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
