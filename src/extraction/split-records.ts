/** How far a sample of delimited text could be split. */
export interface SampleRecords {
  /** Fields as read, quotes removed. Blank lines are records of one empty field. */
  records: string[][];
  /** The sample ends inside a record, or at least without its line end; that record is the last one. */
  isCut: boolean;
  /** The sample ends inside quotes. */
  isInQuotes: boolean;
}

/**
 * Splits the first `most` records of a sample by RFC 4180. A quote opens a quoted field only at the field's start; CRLF, LF and CR end
 * a record. For headers and guesses only: data is read by the columnar engine.
 */
export function splitRecords(
  sample: string,
  dialect: { delimiter: string; quote: string | null },
  most = Infinity,
): SampleRecords {
  const records: string[][] = [];
  let fields: string[] = [];
  let at = 0;
  while (at < sample.length && records.length < most) {
    const field = readField(sample, at, dialect);
    fields.push(field.text);
    at = field.end;
    if (at >= sample.length)
      return { records: [...records, fields], isCut: true, isInQuotes: field.isInQuotes };
    if (sample[at] === dialect.delimiter) {
      at += 1;
      if (at < sample.length) continue;
      return { records: [...records, [...fields, '']], isCut: true, isInQuotes: false };
    }
    at += sample[at] === '\r' && sample[at + 1] === '\n' ? 2 : 1;
    records.push(fields);
    fields = [];
  }
  return { records, isCut: false, isInQuotes: false };
}

function readField(
  sample: string,
  start: number,
  { delimiter, quote }: { delimiter: string; quote: string | null },
): { text: string; end: number; isInQuotes: boolean } {
  let text = '';
  let at = start;
  if (quote !== null && sample[at] === quote) {
    for (;;) {
      const close = sample.indexOf(quote, at + 1);
      if (close === -1) return { text: text + sample.slice(at + 1), end: sample.length, isInQuotes: true };
      text += sample.slice(at + 1, close);
      at = close + 1;
      if (sample[at] !== quote) break;
      text += quote;
    }
  }
  const from = at;
  while (at < sample.length && sample[at] !== delimiter && sample[at] !== '\n' && sample[at] !== '\r') at++;
  return { text: text + sample.slice(from, at), end: at, isInQuotes: false };
}
