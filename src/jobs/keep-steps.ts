import { mkdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { hasLines } from '../extraction/land-changes.js';
import type { LandedFile } from '../extraction/landed-file.js';
import { SMALL } from '../read-whole.js';
import type { Stage } from '../schema/stage.js';
import { Settings } from '../settings/settings.js';
import { isCarriable } from './carry-files.js';
import { placeOf } from './compare-files.js';
import { chooseKept } from './choose-kept.js';
import { KeptFiles } from './kept-files.js';
import type { StreamWalk } from './run-walk.js';

/** What is sent and the combined CSV are still to be written there. */
const MOST_OF_FREE = 1 / 3;

/**
 * Keeps copies of the files that a stream is loaded from, so that the next load need not stage what has not changed in
 * one. They cost disk and save time, and no run fails for want of them.
 */
@Injectable()
export class KeepSteps {
  constructor(private readonly settings: Settings) {}

  keptFor({ journal, stream }: StreamWalk): KeptFiles {
    return new KeptFiles(this.settings.home, journal.run.pipeline, stream.table);
  }

  /** Begins to copy the files, while their rows are loaded. */
  async begin(at: StreamWalk, stage: Stage): Promise<void> {
    const { look, landed, stream } = at;
    if (!look || !landed || !isCarriable(stream)) return;
    const kept = this.keptFor(at);
    const there = await kept.list();
    const good = new Set(stage.files.filter(({ rejected }) => rejected === 0).map(placeOf));
    const ready = new Map(
      landed
        .filter((file) => hasLines(file) && file.bytes > SMALL && good.has(placeOf(file)))
        .map((file) => [file.fingerprint, file]),
    );
    const possible = look.originals.filter(
      (file) => ready.has(file.fingerprint) || there.has(file.fingerprint),
    );
    const keep = new Set(chooseKept(possible, this.settings.keep.copyMegabytes * 2 ** 20));
    const missing = possible.filter(({ fingerprint }) => keep.has(fingerprint) && !there.has(fingerprint));
    const fitting = chooseKept(missing, (await this.freeBytes()) * MOST_OF_FREE);
    const copies = fitting.map((fingerprint) => ready.get(fingerprint)!);
    const stopping = new AbortController();
    const folder = join(at.folder.stream(at.index), 'kept');
    const copied = copyAll({ kept, folder, signal: stopping.signal }, copies);
    // Told to `settle`.
    copied.catch(() => {});
    at.keeping = { copied, keep, stopping };
  }

  private freeBytes(): Promise<number> {
    return statfs(this.settings.home).then(
      ({ bavail, bsize }) => bavail * bsize,
      () => 0,
    );
  }

  /** Stops copying. */
  async drop(at: StreamWalk): Promise<void> {
    at.keeping?.stopping.abort();
    await at.keeping?.copied.catch(() => {});
    at.keeping = undefined;
  }

  /** The load is committed: its files take the place of those before. */
  async settle(at: StreamWalk): Promise<void> {
    if (!at.keeping) return;
    const { copied, keep } = at.keeping;
    try {
      await this.keptFor(at).settle(await copied, keep);
    } catch (error) {
      const fields = {
        stream: at.stream.table,
        stage: 'finish',
        code: (error as NodeJS.ErrnoException).code,
      };
      at.journal.log.warn(
        fields,
        'could not keep copies of the files: when one of them changes, all of it will be staged',
      );
    }
  }
}

async function copyAll(
  { kept, folder, signal }: { kept: KeptFiles; folder: string; signal: AbortSignal },
  files: LandedFile[],
): Promise<Map<string, string>> {
  const drafts = new Map<string, string>();
  if (files.length > 0) await mkdir(folder, { recursive: true });
  for (const file of files) {
    signal.throwIfAborted();
    const draft = join(folder, file.fingerprint);
    await kept.copy(file, draft);
    drafts.set(file.fingerprint, draft);
  }
  return drafts;
}
