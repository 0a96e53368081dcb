import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs';
import { writeFile as writeParts } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { ApiSourceConfig } from '../../../config-history/api-source-config.js';
import { FileRefused } from '../../file-errors.js';
import type { LandedFile } from '../../landed-file.js';
import { rejectLine } from '../../ndjson-writer.js';
import { encodeSlice } from '../../text-window.js';
import { ValueLander, type MadeLines } from '../../value-lander.js';
import { ApiRefused } from '../api-errors.js';
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

/** Records of a large page after which others have their turn. */
const recordsInTurn = 1_000;
const onlyOwner = { mode: 0o600 };
/** For small files half the work of its namesake in `fs/promises`. */
const writeText = promisify(writeFile);

/**
 * Writes a page's records to disk, one a line as they are to be loaded, and lands them. The fingerprint is that of the
 * records: what else stands in the answer (a time, a token, the place of the next page) does not make a page a new one.
 */
export async function landPage(options: PageToLand): Promise<LandedFile> {
  const { page, index, name, url, base } = options;
  const lander = new ValueLander();
  const parts = await makeLines(lander, options);
  const digest = createHash('sha256');
  for (const { raw } of parts) {
    if (parts.length > 1) await setImmediate();
    digest.update(raw);
  }
  for (const { raw } of page.broken) digest.update(`\n${raw}`);
  const rejects = [...page.broken, ...parts.flatMap((part) => part.rejects)];
  const rejectLines = rejects.map((reject) => rejectLine({ ...reject, raw: encodeSlice(reject.raw) }));
  await Promise.all([
    write(
      `${base}.ndjson`,
      parts.map(({ landed }) => landed),
    ),
    write(
      `${base}.raw.ndjson`,
      parts.map(({ raw }) => raw),
    ),
    rejects.length > 0 && write(`${base}.rejects.ndjson`, [rejectLines.join('')]),
  ]);
  return {
    source: index,
    name,
    fingerprint: digest.digest('hex'),
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

/** The lines of all records in parts, one of them where the page is small. */
async function makeLines(
  lander: ValueLander,
  { page, url, fields, include }: PageToLand,
): Promise<MadeLines[]> {
  const parts: MadeLines[] = [];
  const pick = compileFields(fields);
  try {
    for (const [at, record] of page.records.entries()) {
      if (at > 0 && at % recordsInTurn === 0) {
        parts.push(lander.take());
        await setImmediate();
      }
      const picked = pick(record);
      const isIncluding = include !== undefined && isObject(picked);
      lander.add(isIncluding ? { ...picked, ...include } : picked, at + 1);
    }
  } catch (error) {
    if (error instanceof FileRefused) throw new ApiRefused('API_RECORDS_UNFIT', `${error.reason} (${url})`);
    throw error;
  }
  return [...parts, lander.take()];
}

async function write(path: string, parts: string[]): Promise<void> {
  if (parts.length === 1) await writeText(path, parts[0] as string, onlyOwner);
  else await writeParts(path, parts, onlyOwner);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
