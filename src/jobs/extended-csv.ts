import { constants, access, copyFile, link, readFile, rename, rm } from 'node:fs/promises';
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { TransientError } from '../errors.js';
import type { LineStep } from '../extraction/compare-lines.js';
import { flushPath } from '../flush-path.js';
import { type CombinedDraft, isAsPublished } from './combined-csv.js';
import { mergeRows } from './merge-rows.js';

/** The combined CSV of an earlier load. */
export interface PublishedCsv {
  path: string;
  /** Of that load. */
  signature: string;
}

/** Rows of a combined CSV, without its header. */
export type RowsOf = (signal: AbortSignal) => AsyncIterable<Buffer>;

/**
 * The combined CSV of an earlier load with new rows behind it, made in the run's own folder: copied while these are
 * staged, added to while they are loaded. Where a file's rows come in between, it is made of both while they are loaded.
 * It stays there until the run is over, so that a worker that takes the run up finds it, whatever the one before was at.
 */
export class ExtendedCsv implements CombinedDraft {
  private readonly stopping = new AbortController();
  private readonly half: string;
  private copying: Promise<void> | null = null;
  private writing: Promise<void> | null = null;

  /** @param stepsPath where there is a file there, a list of LineStep: how its rows come about from those before */
  constructor(
    private readonly path: string,
    private readonly before: PublishedCsv,
    private readonly stepsPath: string,
  ) {
    this.half = `${path}.half`;
  }

  /** Whether it is there, or there is what it is made from. */
  async isPossible(): Promise<boolean> {
    return (await isThere(this.path)) || isAsPublished(this.before.path, this.before.signature);
  }

  /** Begins to copy what there is; once. */
  begin(): void {
    this.copying ??= this.copy();
    // Told to whoever asks for it.
    this.copying.catch(() => {});
  }

  /** Begins to add the new rows; once. */
  add(rowsOf: RowsOf): void {
    this.begin();
    this.writing ??= this.write(rowsOf);
    this.writing.catch(() => {});
  }

  async moveTo(target: string): Promise<boolean> {
    await this.writing;
    // Not every file system has links.
    await link(this.path, target).catch(() => rename(this.path, target));
    return true;
  }

  async drop(): Promise<void> {
    this.stopping.abort(new Error('the combined CSV is not needed any more'));
    await this.copying?.catch(() => {});
    await this.writing?.catch(() => {});
    await rm(this.half, { force: true });
  }

  private async copy(): Promise<void> {
    if (await isThere(this.path)) return;
    await rm(this.half, { force: true });
    await this.check();
    if (await isThere(this.stepsPath)) return;
    await copyFile(this.before.path, this.half, constants.COPYFILE_FICLONE);
    // Whoever has written to it meanwhile is seen by that.
    await this.check();
    // Most of what there is to flush, while the new rows are still staged.
    await flushPath(this.half);
  }

  /** Whole and on the disk before it has its name. */
  private async write(rowsOf: RowsOf): Promise<void> {
    await this.copying;
    if (await isThere(this.path)) return;
    const { signal } = this.stopping;
    const rows = (await isThere(this.stepsPath)) ? this.merge(rowsOf(signal)) : rowsOf(signal);
    await pipeline(rows, createWriteStream(this.half, { flags: 'a' }), { signal });
    await flushPath(this.half);
    await rename(this.half, this.path);
  }

  private async *merge(rows: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const steps = JSON.parse(await readFile(this.stepsPath, 'utf8')) as LineStep[];
    const before = createReadStream(this.before.path, { highWaterMark: 1 << 20 });
    yield* mergeRows(before, rows, steps);
    await this.check();
  }

  private async check(): Promise<void> {
    this.stopping.signal.throwIfAborted();
    if (await isAsPublished(this.before.path, this.before.signature)) return;
    const message = 'expected the combined CSV as the last load has left it, it was changed or removed since';
    throw new TransientError('OUTPUT_CHANGED', message);
  }
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
