import type { LineStep } from '../extraction/compare-lines.js';

const LF = 10;
const QUOTE = 34;
const CHUNK = 256 << 10;

/**
 * Makes a combined CSV from the one before and the rows that are new, in the order that the steps tell.
 *
 * @param before with its header, of which nothing is told
 * @param added rows without a header
 * @throws Error where there are other numbers of rows than the steps tell
 */
export async function* mergeRows(
  before: AsyncIterable<Buffer>,
  added: AsyncIterable<Buffer>,
  steps: readonly LineStep[],
): AsyncGenerator<Buffer> {
  const old = new RecordFlow(before);
  const fresh = new RecordFlow(added);
  const out = new Chunks();
  const header: LineStep = [1, 0, 0];
  for (const [kept, gone, more] of [header, ...steps]) {
    yield* pass(old, kept, out);
    yield* pass(old, gone, null);
    yield* pass(fresh, more, out);
  }
  if (!(await old.hasEnded()) || !(await fresh.hasEnded()))
    throw new Error('the combined CSV has other rows than the file that it is made from');
  yield* out.rest();
}

/** Moves records on; `out`: null where they are gone. */
async function* pass(flow: RecordFlow, count: number, out: Chunks | null): AsyncGenerator<Buffer> {
  for (let left = count; left > 0;) {
    if (await flow.hasEnded())
      throw new Error('the combined CSV has fewer rows than the file that it is made from');
    const { bytes, records } = flow.take(left);
    left -= records;
    if (out) yield* out.add(bytes);
  }
}

/** Records of CSV as the stage writes it, chunk by chunk: a line end outside of quotes ends one. */
class RecordFlow {
  private readonly chunks: AsyncIterator<Buffer>;
  private chunk: Buffer = Buffer.alloc(0);
  private hasQuotes = false;
  private isQuoted = false;

  constructor(chunks: AsyncIterable<Buffer>) {
    this.chunks = chunks[Symbol.asyncIterator]();
  }

  /** Up to `most` records of what is at hand, the last of which may go on in the next chunk. */
  take(most: number): { bytes: Buffer; records: number } {
    const { end, records } = this.hasQuotes || this.isQuoted ? this.passQuoted(most) : this.passPlain(most);
    const bytes = this.chunk.subarray(0, end);
    this.chunk = this.chunk.subarray(end);
    return { bytes, records };
  }

  async hasEnded(): Promise<boolean> {
    while (this.chunk.length === 0) {
      const next = await this.chunks.next();
      if (next.done) return true;
      this.chunk = next.value;
      this.hasQuotes = this.chunk.includes(QUOTE);
    }
    return false;
  }

  private passPlain(most: number): { end: number; records: number } {
    let end = 0;
    for (let records = 0; records < most; records++) {
      const lf = this.chunk.indexOf(LF, end);
      if (lf === -1) return { end: this.chunk.length, records };
      end = lf + 1;
    }
    return { end, records: most };
  }

  private passQuoted(most: number): { end: number; records: number } {
    const { chunk } = this;
    let end = 0;
    let records = 0;
    while (end < chunk.length && records < most) {
      const byte = chunk[end++];
      if (byte === QUOTE) this.isQuoted = !this.isQuoted;
      else if (byte === LF && !this.isQuoted) records++;
    }
    return { end, records };
  }
}

/** Puts small parts together, whose memory may be used again. */
class Chunks {
  private room = Buffer.allocUnsafe(CHUNK);
  private length = 0;

  *add(bytes: Buffer): Generator<Buffer> {
    for (let from = 0; from < bytes.length;) {
      const copied = bytes.copy(this.room, this.length, from);
      this.length += copied;
      from += copied;
      if (this.length === CHUNK) yield* this.rest();
    }
  }

  *rest(): Generator<Buffer> {
    if (this.length > 0) yield this.room.subarray(0, this.length);
    this.room = Buffer.allocUnsafe(CHUNK);
    this.length = 0;
  }
}
