import { rename, rm } from 'node:fs/promises';
import type { CombinedDraft } from './combined-csv.js';

/**
 * A combined CSV that is written to the run's own folder while its rows still travel, so that only a rename is left once
 * they are committed. Whatever goes wrong with it, it is written anew after the load, as if this had not been tried.
 */
export class CombinedAhead implements CombinedDraft {
  private readonly stopping = new AbortController();
  private writing: Promise<boolean> | null = null;

  constructor(
    private readonly path: string,
    private readonly write: (path: string, signal: AbortSignal) => Promise<void>,
  ) {}

  /** Begins to write it; once. */
  begin(): void {
    this.writing ??= this.tryToWrite();
  }

  /** Puts it in place; false: there is none. */
  async moveTo(target: string): Promise<boolean> {
    const isWritten = (await this.writing) ?? false;
    return isWritten && isDone(rename(this.path, target));
  }

  /** Stops writing, and leaves nothing behind. */
  async drop(): Promise<void> {
    this.stopping.abort(new Error('the combined CSV is not needed any more'));
    await this.writing;
    await rm(this.path, { force: true });
  }

  private async tryToWrite(): Promise<boolean> {
    // An attempt that died may have left one.
    if (!(await isDone(rm(this.path, { force: true })))) return false;
    return isDone(this.write(this.path, this.stopping.signal));
  }
}

function isDone(work: Promise<void>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}
