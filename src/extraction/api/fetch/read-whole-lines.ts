import { createReadStream } from 'node:fs';
import { systemCode } from '../../file-errors.js';

/** A line of JSON, and where in the file it ends. */
export interface WholeLine {
  value: unknown;
  /** Bytes of the file up to here, the line's end included. */
  end: number;
}

/**
 * The lines of a file that was being appended to when its writer died: ends before the first that is cut or no JSON. No
 * file is no lines.
 */
export async function* readWholeLines(path: string): AsyncGenerator<WholeLine> {
  let rest: Buffer = Buffer.alloc(0);
  let end = 0;
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      for (let at = rest.indexOf(0x0a); at !== -1; at = rest.indexOf(0x0a)) {
        end += at + 1;
        yield { value: JSON.parse(rest.toString('utf8', 0, at)) as unknown, end };
        rest = rest.subarray(at + 1);
      }
    }
  } catch (error) {
    if (!(error instanceof SyntaxError) && systemCode(error) !== 'ENOENT') throw error;
  }
}
