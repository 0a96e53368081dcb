import type { SampleRecords } from './split-records.js';

const LF = 10;
const CR = 13;

export interface FieldCounts extends Omit<SampleRecords, 'records'> {
  /** Of each record; 0 for a blank one, which is one empty field. */
  counts: number[];
}

/** Counts the fields of the records that `splitRecords` would split a sample into, without making a text of each. */
export function countFields(
  sample: string,
  dialect: { delimiter: string; quote: string | null },
  most = Infinity,
): FieldCounts {
  const walk = new FieldWalk(sample, dialect);
  const counts: number[] = [];
  let isCut = false;
  while (!isCut && walk.at < sample.length && counts.length < most) {
    const start = walk.at;
    let fields = 1;
    while (walk.passField()) fields++;
    counts.push(fields === 1 && walk.isEmptyFrom(start) ? 0 : fields);
    isCut = !walk.passLineEnd();
  }
  return { counts, isCut, isInQuotes: walk.isInQuotes };
}

class FieldWalk {
  at = 0;
  isInQuotes = false;
  private readonly delimiter: number;
  private readonly quote: number;

  constructor(
    private readonly sample: string,
    { delimiter, quote }: { delimiter: string; quote: string | null },
  ) {
    this.delimiter = delimiter.charCodeAt(0);
    this.quote = quote?.charCodeAt(0) ?? -1;
  }

  /** Whether another field follows. */
  passField(): boolean {
    const { sample, delimiter } = this;
    if (sample.charCodeAt(this.at) === this.quote) this.passQuoted();
    let { at } = this;
    for (; at < sample.length; at++) {
      const code = sample.charCodeAt(at);
      if (code === delimiter || code === LF || code === CR) break;
    }
    const isFollowed = at < sample.length && sample.charCodeAt(at) === delimiter;
    this.at = isFollowed ? at + 1 : at;
    return isFollowed;
  }

  /** Whether there is one; else the sample ends here. */
  passLineEnd(): boolean {
    const { sample, at } = this;
    if (at >= sample.length) return false;
    const isTwo = sample.charCodeAt(at) === CR && sample.charCodeAt(at + 1) === LF;
    this.at += isTwo ? 2 : 1;
    return true;
  }

  /** Whether a field that ends here, and began there, is empty: nothing, or quotes around nothing. */
  isEmptyFrom(start: number): boolean {
    const length = this.at - start;
    const isQuote = (at: number) => this.sample.charCodeAt(at) === this.quote;
    if (this.isInQuotes) return length === 1;
    return length === 0 || (length === 2 && isQuote(start) && isQuote(start + 1));
  }

  /** From an opening quote to behind its closing one, or to the end. */
  private passQuoted(): void {
    const { sample, quote } = this;
    const mark = String.fromCharCode(quote);
    for (;;) {
      const close = sample.indexOf(mark, this.at + 1);
      if (close === -1) {
        this.isInQuotes = true;
        this.at = sample.length;
        return;
      }
      this.at = close + 1;
      if (sample.charCodeAt(this.at) !== quote) return;
    }
  }
}
