import { hash } from 'node:crypto';
import { constants, copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { LandedFile } from '../extraction/landed-file.js';

const FINGERPRINT = /^[0-9a-f]{64}$/;

/** Copies under way. */
export interface Keeping {
  /** Where each copy lies, by fingerprint; rejects with what went wrong. */
  copied: Promise<Map<string, string>>;
  /** Fingerprints of what is to be there afterwards. */
  keep: Set<string>;
  /** Ends what is under way before the next copy. */
  stopping: AbortController;
}

/** Copies of a stream's files as they were loaded, which tell what has changed in one: `<home>/kept/<pipeline>/<table>`. */
export class KeptFiles {
  readonly folder: string;

  constructor(home: string, pipeline: string, table: string) {
    // A table may be called what no folder can be.
    this.folder = join(keptFolder(home), pipeline, hash('sha256', table).slice(0, 32));
  }

  pathOf(fingerprint: string): string {
    return join(this.folder, fingerprint);
  }

  /** Fingerprints of the files that are there. */
  async list(): Promise<Set<string>> {
    const names = await readdir(this.folder).catch(() => []);
    return new Set(names.filter((name) => FINGERPRINT.test(name)));
  }

  /** Whether a file is read in the way in which the one that was kept was read. */
  async isReadAlike(fingerprint: string, landed: LandedFile): Promise<boolean> {
    const text = await readFile(this.readingPath(fingerprint), 'utf8').catch(() => '');
    return isDeepStrictEqual(parseReading(text), readingOf(landed));
  }

  /** Copies a file to `draft`; it is kept once `settle` has moved it. What it holds is seen when it is used. */
  async copy(landed: LandedFile, draft: string): Promise<void> {
    await copyFile(landed.path, draft, constants.COPYFILE_FICLONE);
    await writeFile(`${draft}.json`, JSON.stringify(readingOf(landed)));
  }

  /** Takes in what was copied to `drafts`, by fingerprint, and removes all but `keep`. */
  async settle(drafts: Map<string, string>, keep: ReadonlySet<string>): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    for (const [fingerprint, draft] of drafts) {
      await rename(`${draft}.json`, this.readingPath(fingerprint));
      await rename(draft, this.pathOf(fingerprint));
    }
    for (const fingerprint of await this.list()) {
      if (keep.has(fingerprint)) continue;
      await rm(this.pathOf(fingerprint), { recursive: true, force: true });
      await rm(this.readingPath(fingerprint), { recursive: true, force: true });
    }
  }

  private readingPath(fingerprint: string): string {
    return join(this.folder, `${fingerprint}.json`);
  }
}

export function keptFolder(home: string): string {
  return join(home, 'kept');
}

/** null: somebody else has written there, or it is not whole. */
function parseReading(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** All that decides what the records of a text are. */
function readingOf({ dialect, columns }: LandedFile) {
  return { dialect, columns };
}
