import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import csvParser from 'csv-parser';
import { checkHeader } from '../../check-names.js';
import { detectDelimiter } from '../../detect-delimiter.js';
import { FileRefused } from '../../file-errors.js';
import type { RecordReject } from '../../landed-file.js';
import { recogniseUndelimited } from '../../recognise-content.js';
import { mostRecordBytes } from '../../split-lines.js';
import { markQuotes, readField, unmark, type QuoteRules } from './mark-quotes.js';
import type { DecodedBody, PageText } from './page-decoder.js';

const sampleCharacters = 256 * 1024;
const pieceBytes = 256 * 1024;

/** A record as it was split, and where its text begins. */
interface Row {
  cells: string[];
  at: number;
}

/**
 * Reads a page of delimited text (RFC 4180). A record with too few or too many fields, or with text behind a closing
 * quote, is a refused one; a quote that nothing closes makes everything uncertain, and the page is refused.
 */
export async function decodeCsv(page: PageText): Promise<DecodedBody> {
  const { text, source, refuse } = page;
  const broken: Refuse = (fault) => refuse('API_BODY_BROKEN', fault);
  const odd = recogniseUndelimited(Buffer.from(text.slice(0, 64 * 1024)));
  if (odd !== null) throw broken(`expected delimited text, got ${odd}`);
  const { quote, nulls, header } = source.csv;
  const rules = { delimiter: settleDelimiter(page), quote, nulls };
  if (rules.delimiter === quote)
    throw broken(`expected a delimiter other than the quote, got ${JSON.stringify(quote)} for both`);
  const marked = quote === '' ? { text } : markQuotes(text, rules);
  if ('fault' in marked) throw broken(marked.fault);
  const bytes = Buffer.from(marked.text);
  const newline = newlineOf(text);
  const rows = await split(bytes, { ...rules, newline }, broken);
  const names = header ? readHeader(rows, rules, broken) : (source.csv.columns ?? []);
  return {
    body: undefined,
    shape: 'list',
    names: header ? names : undefined,
    ...buildRecords(rows, names, { bytes, rules, lineEnd: newline.charCodeAt(0) }),
  };
}

type Refuse = (fault: string) => Error;

function settleDelimiter({ text, mediaType, source }: PageText): string {
  const { delimiter, quote } = source.csv;
  if (delimiter !== 'auto') return delimiter;
  if (mediaType.includes('tab-separated') || mediaType.endsWith('tsv')) return '\t';
  const sample = text.slice(0, sampleCharacters);
  return detectDelimiter(sample, quote || null, sample.length === text.length)?.delimiter ?? ',';
}

function newlineOf(text: string): string {
  return text.includes('\n') || !text.includes('\r') ? '\n' : '\r';
}

/** Takes the first record for the names of the columns. */
function readHeader(rows: Row[], rules: QuoteRules, broken: Refuse): string[] {
  const cells = rows.shift()?.cells ?? [];
  const names = cells.map((cell) => readField(cell, { ...rules, nulls: [] }));
  if (!names.every((name) => typeof name === 'string'))
    throw broken('header: expected the end of a name behind a closing quote, got more');
  const [first = ''] = names;
  if (rows.length === 0 && names.length === 1 && first.includes(' '))
    throw broken(`expected delimited text, got ${JSON.stringify(first.slice(0, 100))}`);
  try {
    checkHeader(names);
  } catch (error) {
    throw error instanceof FileRefused ? broken(error.reason) : error;
  }
  return names;
}

/** The records without blank lines. Their number of fields is for the caller to judge: the parser would end at a wrong one. */
async function split(
  bytes: Buffer,
  { delimiter, quote, newline }: { delimiter: string; quote: string; newline: string },
  broken: Refuse,
): Promise<Row[]> {
  const rows: Row[] = [];
  const parser = csvParser({
    headers: false,
    separator: delimiter,
    quote,
    newline,
    maxRowBytes: mostRecordBytes,
    outputByteOffset: true,
  });
  parser.on('data', ({ row, byteOffset }: { row: Record<string, string>; byteOffset: number }) => {
    const cells = Object.values(row);
    if (cells.length > 0) rows.push({ cells, at: byteOffset });
  });
  try {
    await pipeline(Readable.from(pieces(bytes), { objectMode: false }), parser);
  } catch (error) {
    if ((error as Error).message !== 'Row exceeds the maximum size') throw error;
    throw broken(`expected at most ${mostRecordBytes} bytes for one record, got more`);
  }
  return rows;
}

/** Copies, for the parser writes into what it gets. Between pieces others have their turn. */
async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    yield Buffer.from(bytes.subarray(at, at + pieceBytes));
    if (at + pieceBytes < bytes.length) await setImmediate();
  }
}

function buildRecords(
  rows: Row[],
  names: string[],
  { bytes, rules, lineEnd }: { bytes: Buffer; rules: QuoteRules; lineEnd: number },
): Pick<DecodedBody, 'records' | 'broken'> {
  const records: unknown[] = [];
  const broken: RecordReject[] = [];
  let [line, counted] = [1, 0];
  for (const [index, { cells, at }] of rows.entries()) {
    const values = cells.slice(0, names.length).map((cell) => readField(cell, rules));
    const reason = faultOf(cells, values, names.length);
    if (reason === null) {
      records.push(Object.fromEntries(names.map((name, i) => [name, values[i]])));
      continue;
    }
    for (; counted < at; counted++) if (bytes[counted] === lineEnd) line++;
    const raw = unmark(bytes.toString('utf8', at, rows[index + 1]?.at), rules.quote).trimEnd();
    broken.push({ line, column: null, reason, raw });
  }
  return { records, broken };
}

function faultOf(cells: string[], values: unknown[], expected: number): string | null {
  if (cells.length < expected || cells.slice(expected).some((cell) => cell !== ''))
    return `expected ${expected} fields, got ${cells.length}`;
  return values.includes(undefined) ? 'expected the end of a field behind a closing quote, got more' : null;
}
