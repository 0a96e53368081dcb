import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { ApiSourceConfig } from '../../../config-history/api-source-config.js';
import { FileRefused } from '../../file-errors.js';
import type { LandedFile } from '../../landed-file.js';
import { rejectLine } from '../../ndjson-writer.js';
import { encodeSlice } from '../../text-window.js';
import { ValueLander, type MadeLines } from '../../value-lander.js';
import { ApiRefused } from '../api-errors.js';
import type { DecodedPage } from './decode-page.js';
import { compileFields } from './pick-fields.js';

/** A page that was read, and what it is to be called. */
export interface PageToMake {
  page: DecodedPage;
  /** Index of the source in its stream. */
  index: number;
  /** Of the page; unique in the source. */
  name: string;
  /** Where it came from, without secrets. */
  url: string;
  fields: ApiSourceConfig['fields'];
  /** Columns that each record gets besides its own, which they take the place of. */
  include?: Readonly<Record<string, string | null>>;
  /** Its number in a landed file that pages share, see `LandedFile.shared`. */
  number?: number;
}

/** The lines of a page that are to be written, in parts: one of them where the page is small. */
export interface MadePage {
  parts: Pick<MadeLines, 'landed' | 'raw'>[];
  /** Lines of refused records, and how many. */
  rejects: { text: string; count: number };
  /** All but where it lies. */
  about: Omit<LandedFile, 'path' | 'rawPath' | 'rawStart' | 'shared' | 'rejects'>;
}

/** Records of a large page after which others have their turn. */
const recordsInTurn = 1_000;

/**
 * Makes a page's records ready for the disk, one a line as they are to be loaded. The fingerprint is that of the records: what
 * else stands in the answer (a time, a token, the place of the next page) does not make a page a new one. Throws ApiRefused.
 */
export async function makePage(options: PageToMake): Promise<MadePage> {
  const { page, index, name, url, number } = options;
  const lander = new ValueLander(number);
  const parts = await makeLines(lander, options);
  const digest = createHash('sha256');
  for (const { raw } of parts) {
    if (parts.length > 1) await setImmediate();
    digest.update(raw);
  }
  for (const { raw } of page.broken) digest.update(`\n${raw}`);
  const rejects = [...page.broken, ...parts.flatMap((part) => part.rejects)];
  const lines = rejects.map((reject) => rejectLine({ ...reject, raw: encodeSlice(reject.raw) }));
  const { format, compression, encoding, bytes } = page;
  return {
    parts,
    rejects: { text: lines.join(''), count: lines.length },
    about: {
      source: index,
      name,
      fingerprint: digest.digest('hex'),
      bytes,
      url,
      detected: { format, compression, encoding, delimiter: null, header: null },
      format: 'ndjson',
      dialect: null,
      ...lander.finish(),
    },
  };
}

async function makeLines(
  lander: ValueLander,
  { page, url, fields, include }: PageToMake,
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

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
