import { link } from 'node:fs/promises';
import { followFile } from './follow-file.js';

const LF = 10;
const QUOTE = 34;

/**
 * The CSV of all rows of a stage, with a header, that is written once and serves twice: its rows are sent while it is
 * still being written, and in the end it is the combined CSV.
 */
export class WholeCsv {
  private failed = false;

  /** @param written settles when the file is whole */
  constructor(
    private readonly path: string,
    private readonly written: Promise<void>,
  ) {
    written.catch(() => (this.failed = true));
  }

  get hasFailed(): boolean {
    return this.failed;
  }

  /** The rows without the header. Throws what went wrong with writing them. */
  rows(signal?: AbortSignal): AsyncGenerator<Buffer> {
    return withoutHeader(followFile(this.path, { written: this.written, signal }));
  }

  /** Gives the file one more name, once it is written; false: it has none. */
  async linkTo(target: string, signal?: AbortSignal): Promise<boolean> {
    try {
      await this.written;
      signal?.throwIfAborted();
      await link(this.path, target);
      return true;
    } catch {
      signal?.throwIfAborted();
      return false;
    }
  }
}

/** Names may hold line ends, inside quotes. */
async function* withoutHeader(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let isQuoted = false;
  let isHeader = true;
  for await (const chunk of chunks) {
    let at = 0;
    for (; isHeader && at < chunk.length; at++) {
      if (chunk[at] === QUOTE) isQuoted = !isQuoted;
      else if (chunk[at] === LF && !isQuoted) isHeader = false;
    }
    if (at < chunk.length) yield at > 0 ? chunk.subarray(at) : chunk;
  }
}
