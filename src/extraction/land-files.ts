import { runConcurrently } from '../run-concurrently.js';
import { readWhole } from '../read-whole.js';
import { smallPath } from './open-file.js';
import { landFile } from './land-file.js';
import type { LandedFile } from './landed-file.js';
import type { LocalSource } from './local-source.js';
import type { SeenFile } from './seen-file.js';

/** Files that are made ready at the same time: most of it is waiting for the system. */
const LANDERS = 4;

export interface LandOptions {
  /** How a file is read, and where its copies go. */
  placeOf: (file: SeenFile) => { source: LocalSource; folder: string };
  /** Told of each file when it is ready, in any order. */
  onLanded?: (landed: LandedFile, durationMs: number) => void;
  signal?: AbortSignal;
}

/** Makes files ready for the columnar engine as `landFile` does; what it gives keeps their order. */
export async function landFiles(files: SeenFile[], options: LandOptions): Promise<LandedFile[]> {
  const { placeOf, onLanded, signal } = options;
  const landed: LandedFile[] = [];
  for await (const batch of readWhole(files, smallPath, signal)) {
    const ready = await runConcurrently(batch, LANDERS, async ({ file, whole }) => {
      const started = performance.now();
      const { source, folder } = placeOf(file);
      const one = await landFile(file, source, { folder, signal, whole });
      onLanded?.(one, Math.round(performance.now() - started));
      return one;
    });
    landed.push(...ready);
  }
  return landed;
}
