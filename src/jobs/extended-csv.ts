import { constants, access, copyFile, link, open, rename, rm } from 'node:fs/promises';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { TransientError } from '../errors.js';
import { type CombinedDraft, isAsPublished } from './combined-csv.js';

/** The combined CSV of an earlier load. */
export interface PublishedCsv {
  path: string;
  /** Of that load. */
  signature: string;
}

/**
 * The combined CSV of an earlier load with new rows behind it, made in the run's own folder while these are loaded. It
 * stays there until the run is over, so that a worker that takes the run up finds it, whatever the one before was at.
 */
export class ExtendedCsv implements CombinedDraft {
  private readonly stopping = new AbortController();
  private writing: Promise<void> | null = null;

  /** @param rowsOf the new rows, without a header */
  constructor(
    private readonly path: string,
    private readonly before: PublishedCsv,
    private readonly rowsOf: (signal: AbortSignal) => AsyncIterable<Buffer>,
  ) {}

  /** Whether it is there, or there is what it is made from. */
  async isPossible(): Promise<boolean> {
    return (await isThere(this.path)) || isAsPublished(this.before.path, this.before.signature);
  }

  begin(): void {
    this.writing ??= this.write();
    // Told to whoever asks for it.
    this.writing.catch(() => {});
  }

  async moveTo(target: string): Promise<boolean> {
    this.begin();
    await this.writing;
    // Not every file system has links.
    await link(this.path, target).catch(() => rename(this.path, target));
    return true;
  }

  async drop(): Promise<void> {
    this.stopping.abort(new Error('the combined CSV is not needed any more'));
    await this.writing?.catch(() => {});
  }

  /** Whole and on the disk before it has its name. */
  private async write(): Promise<void> {
    if (await isThere(this.path)) return;
    const half = `${this.path}.half`;
    try {
      await rm(half, { force: true });
      await this.copyTo(half);
      await this.appendTo(half);
      await rename(half, this.path);
    } finally {
      await rm(half, { force: true });
    }
  }

  private async copyTo(half: string): Promise<void> {
    await this.check();
    await copyFile(this.before.path, half, constants.COPYFILE_FICLONE);
    // Whoever has written to it meanwhile is seen by that.
    await this.check();
  }

  private async appendTo(half: string): Promise<void> {
    const { signal } = this.stopping;
    await pipeline(this.rowsOf(signal), createWriteStream(half, { flags: 'a' }), { signal });
    await flush(half);
  }

  private async check(): Promise<void> {
    this.stopping.signal.throwIfAborted();
    if (await isAsPublished(this.before.path, this.before.signature)) return;
    const message = 'expected the combined CSV as the last load has left it, it was changed or removed since';
    throw new TransientError('OUTPUT_CHANGED', message);
  }
}

async function flush(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
