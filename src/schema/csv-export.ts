import { rm } from 'node:fs/promises';
import { chunkRing, followFile } from './follow-file.js';

/** A file of CSV that the engine is writing, to be read once. */
export class CsvExport {
  /** @param written settles when the file is whole */
  constructor(
    private readonly path: string,
    readonly written: Promise<void>,
    private readonly signal?: AbortSignal,
  ) {
    // Nobody may ever ask for the bytes.
    written.catch(() => undefined);
  }

  /**
   * The file's bytes, also while it is still being written; it goes when they end.
   *
   * @param ring memory for the chunks
   */
  async *chunks(ring = chunkRing()): AsyncGenerator<Buffer> {
    try {
      yield* followFile(this.path, { written: this.written, signal: this.signal, ring });
    } finally {
      await rm(this.path, { force: true });
    }
  }

  /** Removes the file when nobody writes it any more: of an export whose bytes nobody wants. */
  async drop(): Promise<void> {
    await this.written.catch(() => undefined);
    await rm(this.path, { force: true });
  }
}

/**
 * The bytes of one export after the other. The next is begun when the one before it is written: so one at a time is in the
 * engine, while another is being read.
 *
 * @param parts what to begin an export with; the next is asked for when the one before it is done with
 */
export async function* exportInTurn<T>(
  parts: AsyncGenerator<T>,
  begin: (part: T) => CsvExport,
): AsyncGenerator<Buffer> {
  const beginNext = async (before?: CsvExport) => {
    await before?.written;
    const { value, done } = await parts.next();
    return done ? null : begin(value as T);
  };
  // For each export it would grow anew, and leave what it was before to the garbage collector.
  const ring = chunkRing();
  let next = beginNext();
  try {
    for (let one = await next; one; one = await next) {
      next = beginNext(one);
      next.catch(() => undefined);
      yield* one.chunks(ring);
    }
  } finally {
    await (await next.catch(() => null))?.drop();
    await parts.return(undefined);
  }
}
