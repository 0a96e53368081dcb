import { Injectable, Logger } from '@nestjs/common';
import { Settings } from '../settings/settings.js';
import { systemClock } from './await-still.js';
import { FileLooks } from './file-looks.js';
import { landFile } from './land-file.js';
import { landRecords } from './land-records.js';
import type { LandedFile } from './landed-file.js';
import { listFiles } from './list-files.js';
import type { LocalSource } from './local-source.js';
import { lookAtFiles } from './look-at-files.js';
import { verifyPath } from './open-file.js';
import type { SeenFile, SkippedFile } from './seen-file.js';

const shownSkipped = 20;

/** Finds the files of sources and lands them. */
@Injectable()
export class ExtractionService {
  private readonly logger = new Logger(ExtractionService.name);

  constructor(
    private readonly settings: Settings,
    private readonly looks: FileLooks,
  ) {}

  /**
   * The files that a source holds now, by name in byte order, each known by its content; an unchanged file costs no read. Throws PathRefused
   * when the source's path is missing or not allowed.
   */
  async look(
    source: LocalSource,
    index: number,
    signal?: AbortSignal,
  ): Promise<{ files: SeenFile[]; skipped: SkippedFile[] }> {
    const { dataRoots: roots, home } = this.settings;
    const listing = await listFiles(source, { roots, home }, signal);
    const look = await lookAtFiles(listing, { source: index, store: this.looks, clock: systemClock, signal });
    if (look.skipped.length > 0) {
      const first = look.skipped.slice(0, shownSkipped);
      this.logger.warn(
        { source: index, path: source.path, count: look.skipped.length, first },
        'files were skipped',
      );
    }
    return look;
  }

  /** Makes a file ready for the columnar engine; what it has to write goes to `<folder>/landed`. Throws FileChanged. */
  async land(file: SeenFile, source: LocalSource, folder: string, signal?: AbortSignal): Promise<LandedFile> {
    return landFile(file, source, { folder, signal });
  }

  /** Lands JSON records that the service itself has written, one a line; `#line` counts them from 1. */
  async landRecords(path: string, folder: string, signal?: AbortSignal): Promise<LandedFile> {
    return landRecords(path, { folder, signal });
  }

  /** Throws FileChanged when the file is no longer the one that was seen. */
  async verify(file: SeenFile): Promise<void> {
    await verifyPath(file.path, file.stamp, file.name);
  }
}
