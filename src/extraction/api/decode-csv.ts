import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import csvParser from 'csv-parser';
import { checkHeader } from '../check-names.js';
import { detectDelimiter } from '../detect-delimiter.js';
import { FileRefused } from '../file-errors.js';
import type { RecordReject } from '../landed-file.js';
import { recogniseUndelimited } from '../recognise-content.js';
import { mostRecordBytes } from '../split-lines.js';
import { markQuotes } from './mark-quotes.js';
import type { DecodedBody, PageText } from './page-decoder.js';

const sampleCharacters = 256 * 1024;
const pieceBytes = 256 * 1024;
/** Before a quoted text that would be null without its quotes; no text of others begins so. */
const MARK = `\u0001${randomBytes(12).toString('hex')}`;

/** A record as it was split, and where its text begins. */
interface Row {
  cells: string[];
  at: number;
}

/**
 * Reads a page of delimited text (RFC 4180). A record with too few or too many fields is a refused one; quotes that are
 * not around whole fields make everything uncertain, and the page is refused.
 */
export async function decodeCsv(page: PageText): Promise<DecodedBody> {
  const { text, source, refuse } = page;
  const broken = (fault: string): Error => refuse('API_BODY_BROKEN', fault);
  const odd = recogniseUndelimited(Buffer.from(text.slice(0, 64 * 1024)));
  if (odd !== null) throw broken(`expected delimited text, got ${odd}`);
  const { quote, nulls } = source.csv;
  const delimiter = settleDelimiter(page);
  if (delimiter === quote)
    throw broken(`expected a delimiter other than the quote, got ${JSON.stringify(quote)} for both`);
  const marked = quote === '' ? { text } : markQuotes(text, { delimiter, quote, nulls, mark: MARK });
  if ('fault' in marked) throw broken(marked.fault);
  const bytes = Buffer.from(marked.text);
  const newline = newlineOf(text);
  const rows = await split(bytes, { delimiter, quote, newline }, broken);
  const names = source.csv.header ? rows.shift()?.cells.map(unmark) : source.csv.columns;
  if (source.csv.header && rows.length === 0 && names?.length === 1 && names[0]?.includes(' '))
    throw broken(`expected delimited text, got ${JSON.stringify(names[0].slice(0, 100))}`);
  checkNames(names ?? [], broken);
  return {
    body: undefined,
    ...buildRecords(rows, names ?? [], { bytes, nulls, lineEnd: newline.charCodeAt(0) }),
  };
}

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

function checkNames(names: string[], broken: (fault: string) => Error): void {
  try {
    checkHeader(names);
  } catch (error) {
    throw error instanceof FileRefused ? broken(error.reason) : error;
  }
}

/** The records without blank lines. Their number of fields is for the caller to judge: the parser would end at a wrong one. */
async function split(
  bytes: Buffer,
  { delimiter, quote, newline }: { delimiter: string; quote: string; newline: string },
  broken: (fault: string) => Error,
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
  { bytes, nulls, lineEnd }: { bytes: Buffer; nulls: string[]; lineEnd: number },
): Pick<DecodedBody, 'records' | 'broken'> {
  const records: unknown[] = [];
  const broken: RecordReject[] = [];
  let [line, counted] = [1, 0];
  for (const [index, { cells, at }] of rows.entries()) {
    if (cells.length >= names.length && cells.slice(names.length).every((cell) => cell === '')) {
      records.push(Object.fromEntries(names.map((name, i) => [name, readCell(cells[i] as string, nulls)])));
      continue;
    }
    for (; counted < at; counted++) if (bytes[counted] === lineEnd) line++;
    const raw = bytes
      .toString('utf8', at, rows[index + 1]?.at)
      .trimEnd()
      .replaceAll(MARK, '');
    broken.push({ line, column: null, reason: `expected ${names.length} fields, got ${cells.length}`, raw });
  }
  return { records, broken };
}

function readCell(cell: string, nulls: string[]): string | null {
  if (cell.startsWith(MARK)) return unmark(cell);
  return nulls.includes(cell) ? null : cell;
}

function unmark(cell: string): string {
  return cell.startsWith(MARK) ? cell.slice(MARK.length) : cell;
}
