import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { scanCsv, type CsvRecord } from './scan-csv.js';
import type { RejectsFile } from './rejects-file.js';
import type { Dialect, LandedText } from './stage-request.js';

export type IrregularFile = LandedText & { dialect: Dialect; columns: string[] };

/**
 * Copies the good records of an irregular CSV file to `path`, each with its line, byte offset and length in front and
 * LF behind, so that the fast reader meets only what it surely understands; the others become rejects.
 *
 * @returns bytes of the longest good record as written
 * @throws UnclosedQuote
 */
export async function landIrregular(
  file: IrregularFile,
  path: string,
  rejects: RejectsFile,
  signal?: AbortSignal,
): Promise<number> {
  const longest = { bytes: 0 };
  await pipeline(goodRecords(file, longest, rejects, signal), createWriteStream(path));
  return longest.bytes;
}

async function* goodRecords(
  file: IrregularFile,
  longest: { bytes: number },
  rejects: RejectsFile,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  const { source, name, dialect } = file;
  for await (const batch of scanCsv(file.path, dialect, file.columns.length, signal)) {
    const parts: Buffer[] = [];
    for (const record of batch) {
      if (record.problem === null) {
        parts.push(...numbered(record, dialect));
        longest.bytes = Math.max(longest.bytes, record.bytes.length + PLACE_BYTES);
      } else {
        const { line, problem, bytes } = record;
        rejects.add({ source, file: name, line, column: null, reason: problem, raw: bytes });
      }
    }
    await rejects.flush();
    yield Buffer.concat(parts);
  }
}

/** Room for three numbers and their delimiters. */
const PLACE_BYTES = 64;
const LINE_END = Buffer.from('\n');

function numbered(record: CsvRecord, dialect: Dialect): Buffer[] {
  const place = [record.line, record.at, record.bytes.length, ''].join(dialect.delimiter);
  const text = record.hasBareQuote ? requote(record.bytes, dialect) : record.bytes;
  return [Buffer.from(place), text, LINE_END];
}

/** Puts the unquoted fields that hold a quote into quotes; fields that begin with a quote are whole already. */
function requote(bytes: Buffer, { delimiter, quote }: Dialect): Buffer {
  const text = bytes.toString();
  const fields: string[] = [];
  for (let start = 0; start <= text.length;) {
    const end = fieldEnd(text, start, delimiter, quote!);
    const field = text.slice(start, end);
    const isPlain = !field.startsWith(quote!) && field.includes(quote!);
    fields.push(isPlain ? quote + field.replaceAll(quote!, quote! + quote!) + quote : field);
    start = end + 1;
  }
  return Buffer.from(fields.join(delimiter));
}

function fieldEnd(text: string, start: number, delimiter: string, quote: string): number {
  let from = start;
  if (text.startsWith(quote, start)) {
    from = text.indexOf(quote, start + 1);
    while (text.startsWith(quote, from + 1)) from = text.indexOf(quote, from + 2);
  }
  const end = text.indexOf(delimiter, from);
  return end < 0 ? text.length : end;
}
