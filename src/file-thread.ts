import { once } from 'node:events';
import type { BigIntStats } from 'node:fs';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';

/** What tells one state of a file from another. */
export type FileState = Pick<BigIntStats, 'size' | 'mtimeNs' | 'ctimeNs' | 'ino' | 'dev'>;

/** All of a regular file, which stood still while it was read. */
export interface WholeFile {
  state: FileState;
  bytes: Buffer;
}

/** `read`: read the files of up to `most` bytes, one behind the other, into `room`; `see`: tell what stands at the paths. */
export type ThreadRequest = ({ what: 'read' } & ReadRequest) | { what: 'see'; paths: string[] };

export interface ReadRequest {
  paths: string[];
  most: number;
  /** `most` bytes for each path; shared, so that it can be used again: new memory for each request is much to collect. */
  room: SharedArrayBuffer;
}

/** What was found at each path, null where that is not as it should be. */
export type ThreadAnswer = (FileState | null)[];

const program = new URL(`./file-thread-work${extname(import.meta.filename)}`, import.meta.url);
const resourceLimits = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64 };

/**
 * A thread that looks at many files by calls that wait for the system. Such a call takes 2 to 10 µs; by way of Node's own
 * threads, with a promise, it takes 30. One request at a time.
 */
export class FileThread {
  private readonly worker = new Worker(program, { execArgv: [], env: {}, resourceLimits });
  private readonly failed: Promise<never>;

  constructor() {
    this.failed = once(this.worker, 'exit').then(() => {
      throw new Error('expected an answer of the thread that reads files, it has ended');
    });
    // Most threads end because nobody needs them any more.
    this.failed.catch(() => undefined);
  }

  /**
   * All of the files; null for what is no regular file of up to `most` bytes at just that path, symbolic links followed
   * nowhere, for one that changed meanwhile, and for one that cannot be read. The bytes lie in the request's room.
   */
  async read(request: ReadRequest): Promise<(WholeFile | null)[]> {
    const found = await this.ask({ what: 'read', ...request });
    let end = 0;
    return found.map((state) => {
      if (state === null) return null;
      const start = end;
      end += Number(state.size);
      return { state, bytes: Buffer.from(request.room, start, end - start) };
    });
  }

  /** What stands at the paths themselves; null where nothing does, or nothing that can be looked at. */
  see(paths: string[]): Promise<(FileState | null)[]> {
    return this.ask({ what: 'see', paths });
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }

  private async ask(request: ThreadRequest): Promise<ThreadAnswer> {
    const answered = once(this.worker, 'message');
    this.worker.postMessage(request, []);
    const [answer] = (await Promise.race([answered, this.failed])) as [ThreadAnswer];
    return answer;
  }
}
