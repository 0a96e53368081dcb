import { isUtf8 } from 'node:buffer';
import { checkHeader } from './check-names.js';
import { detectDelimiter } from './detect-delimiter.js';
import { FileRefused } from './file-errors.js';
import { landLines } from './land-lines.js';
import type { CsvDialect } from './landed-file.js';
import type { DecodedText, LandedContent, Landing } from './landing.js';
import { readPart } from './read-chunks.js';
import { recogniseUndelimited } from './recognise-content.js';
import { splitRecords } from './split-records.js';

const sampleBytes = 256 * 1024;
const headerBytes = 1024 * 1024;
/** From here on a `.txt` counts as delimited. */
const textConsistency = 0.9;

/**
 * Settles the dialect and the header of a delimited text, which stays where it is. A `.txt` without a delimiter that holds for its
 * records is landed line by line. Throws FileRefused for what is no delimited text, and for a header that cannot name columns.
 */
export async function landDelimited(
  text: DecodedText,
  landing: Landing,
  kind: 'csv' | 'tsv' | 'text',
): Promise<LandedContent> {
  const head = (await readHead(text)).subarray(text.bomBytes);
  const isWhole = text.size - text.bomBytes === head.length;
  const start: TextStart = { sample: head.subarray(0, sampleBytes).toString(), head, isWhole };
  const odd = recogniseUndelimited(head.subarray(0, 64 * 1024), start.sample);
  if (odd !== null) throw new FileRefused(`expected delimited text, got ${odd}`, { line: 1 });
  if (isBlank(start)) return landEmpty(text, landing);
  const delimiter = settleDelimiter(start, landing, kind);
  if (delimiter === null) return landLines(text, landing);
  const { quote, header, nulls, columns: declared } = landing.source.csv;
  if (landing.source.csv.delimiter === 'auto') checkSettled(delimiter, landing.source.csv);
  const dialect: CsvDialect = {
    delimiter,
    quote: quote === '' ? null : quote,
    header,
    nulls,
    isRegular: isRegular(text),
  };
  const columns = header ? readHeader(start, dialect) : declared;
  if (columns === null)
    throw new FileRefused('expected csv.columns for a file without a header, got none', { line: 1 });
  checkHeader(columns);
  return {
    detected: { format: 'csv', compression: text.compression, encoding: text.encoding, delimiter, header },
    format: 'csv',
    path: text.path,
    rawPath: text.path,
    dialect,
    columns,
    nested: [],
    longest: 0,
    rejects: null,
  };
}

/** The beginning of a text. */
interface TextStart {
  head: Buffer;
  /** The first `sampleBytes` of it. */
  sample: string;
  /** There is no more. */
  isWhole: boolean;
}

/** A sample that is all there is need not be made a text again. */
const textOf = ({ head, sample }: TextStart) => (head.length <= sampleBytes ? sample : head.toString());

const isBlank = (start: TextStart) =>
  start.isWhole && start.sample.trim() === '' && textOf(start).trim() === '';

async function readHead({ handle, size, head }: DecodedText): Promise<Buffer> {
  const length = Math.min(headerBytes, size);
  return head !== undefined && head.length >= length ? head : readPart(handle, 0, length);
}

function settleDelimiter(
  { head, sample, isWhole }: TextStart,
  { source }: Landing,
  kind: 'csv' | 'tsv' | 'text',
): string | null {
  const { delimiter, quote, header, columns } = source.csv;
  if (delimiter !== 'auto') return delimiter;
  if (kind === 'tsv') return '\t';
  const isAll = isWhole && head.length <= sampleBytes;
  const guess = detectDelimiter(sample, quote === '' ? null : quote, isAll);
  if (kind === 'csv') return guess?.delimiter ?? ',';
  if (guess === null || guess.consistency < textConsistency || guess.records < 2) return null;
  const names = header
    ? splitRecords(sample, { ...guess, quote: quote === '' ? null : quote }, 1).records[0]
    : columns;
  return names?.length === guess.fields ? guess.delimiter : null;
}

/** What an upload refuses where the delimiter is declared. */
function checkSettled(delimiter: string, { quote, nulls }: Landing['source']['csv']): void {
  const shown = JSON.stringify(delimiter);
  if (delimiter === quote) {
    const reason = `expected a delimiter other than csv.quote, got ${shown} for both; declare csv.delimiter or csv.quote`;
    throw new FileRefused(reason, { line: 1 });
  }
  const text = nulls.find((entry) => entry.includes(delimiter));
  if (text === undefined) return;
  const reason = `expected csv.nulls without the delimiter, got ${JSON.stringify(text)} with ${shown}; declare csv.delimiter or csv.nulls`;
  throw new FileRefused(reason, { line: 1 });
}

function readHeader(start: TextStart, dialect: CsvDialect): string[] {
  const { head, isWhole } = start;
  const { records, isCut, isInQuotes } = splitRecords(textOf(start), dialect, 1);
  if (isInQuotes && isWhole)
    throw new FileRefused('header: expected a closing quote, got the end of the file', { line: 1 });
  if (isCut && !isWhole) {
    throw new FileRefused(
      `header: expected at most ${headerBytes} bytes, got more (or a quote that is not closed)`,
      { line: 1 },
    );
  }
  const names = records[0] ?? [];
  if (names.some((name) => name.includes('\ufffd')) && !isUtf8(headerLines(head, names))) {
    throw new FileRefused('header: expected UTF-8, got other bytes; declare csv.encoding', { line: 1 });
  }
  return names;
}

/** At least the bytes of the header: as many lines as its names have, and one. */
function headerLines(head: Buffer, names: string[]): Buffer {
  let lines = names.join('').split(/\r\n|\r|\n/).length;
  let end = 0;
  while (lines-- > 0 && end < head.length) {
    const next = head.subarray(end).findIndex((byte) => byte === 10 || byte === 13);
    end = next === -1 ? head.length : end + next + 1;
  }
  return head.subarray(0, end);
}

function isRegular({ text }: DecodedText): boolean {
  return text.isUtf8 && !text.hasNul && text.lineEnds !== 'mixed';
}

/** A text without a record has no columns either, so there is nothing for a reader of delimited text. */
async function landEmpty(text: DecodedText, landing: Landing): Promise<LandedContent> {
  const { path } = await landing.create('.ndjson');
  const detected = {
    format: 'csv',
    compression: text.compression,
    encoding: text.encoding,
    delimiter: null,
    header: null,
  } as const;
  return {
    detected,
    format: 'ndjson',
    path,
    rawPath: text.path,
    dialect: null,
    columns: [],
    nested: [],
    longest: 0,
    rejects: null,
  };
}
