import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { Settings } from '../settings/settings.js';
import { ApiSessions } from './api/session/api-sessions.js';
import type { Fetched, FetchRequest } from './api/fetch-request.js';
import { fetchSource } from './api/fetch/fetch-source.js';
import { type Clock, systemClock } from './await-still.js';
import { FileLooks } from './file-looks.js';
import { fingerprintStart } from './fingerprint-file.js';
import { type EarlierText, landChanges, type LandedChanges } from './land-changes.js';
import { type LandOptions, landFiles } from './land-files.js';
import { landRecords } from './land-records.js';
import type { LandedFile } from './landed-file.js';
import { listFiles, type Listing } from './list-files.js';
import type { LocalSource } from './local-source.js';
import { lookAtFiles } from './look-at-files.js';
import type { NestedRules, SplitFile } from './nested/nested-rules.js';
import { splitNested } from './nested/split-nested.js';
import { verifyPaths } from './open-file.js';
import { readText } from './read-text.js';
import type { SeenFile, SkippedFile } from './seen-file.js';

/** The files of a source that can be read, and those that cannot. */
export interface FoundFiles {
  files: SeenFile[];
  skipped: SkippedFile[];
}

/** Finds the files of sources and lands them, and the pages of APIs. */
@Injectable()
export class ExtractionService {
  /** What new files stand still by. */
  clock: Clock = systemClock;

  constructor(
    private readonly settings: Settings,
    private readonly looks: FileLooks,
    private readonly sessions: ApiSessions,
  ) {}

  /** The files that a source holds now, by name and state only. Throws PathRefused when its path is missing or not allowed. */
  async list(source: LocalSource, signal?: AbortSignal): Promise<Listing> {
    const { dataRoots: roots, home } = this.settings;
    return listFiles(source, { roots, home }, signal);
  }

  /**
   * Knows listed files by their content, those by name in byte order; an unchanged file costs no read.
   * @param stillForMs where given, a file that may be being written is skipped until an earlier look, at least that long ago,
   *   found it in the same state
   */
  async know(
    listing: Listing,
    source: LocalSource,
    { index, signal, stillForMs }: { index: number; signal?: AbortSignal; stillForMs?: number },
  ): Promise<FoundFiles> {
    const patience = stillForMs === undefined ? undefined : { stillForMs, format: source.format };
    return lookAtFiles(listing, { source: index, store: this.looks, clock: this.clock, signal, patience });
  }

  /**
   * The files that a source holds now, by name in byte order, each known by its content; an unchanged file costs no read. Throws PathRefused
   * when the source's path is missing or not allowed.
   */
  async look(source: LocalSource, index: number, signal?: AbortSignal): Promise<FoundFiles> {
    return this.know(await this.list(source, signal), source, { index, signal });
  }

  /** Whether a file begins with what had this many bytes and this fingerprint. Throws FileChanged. */
  async beginsWith(
    file: SeenFile,
    { bytes, fingerprint }: { bytes: number; fingerprint: string },
    signal?: AbortSignal,
  ): Promise<boolean> {
    return (await fingerprintStart(file, bytes, signal)) === fingerprint;
  }

  /** The text of a small file that a config names, such as SQL. Throws PathRefused, or TerminalError for what is no text. */
  async readText(path: string): Promise<string> {
    const { dataRoots: roots, home } = this.settings;
    return readText(path, { roots, home });
  }

  /** Makes files ready for the columnar engine; what it has to write goes to `<folder>/landed`. Throws FileChanged. */
  async land(files: SeenFile[], options: LandOptions): Promise<LandedFile[]> {
    return landFiles(files, options);
  }

  /** Lands only the lines of a landed file that it did not have before, see `landChanges`. */
  async landChanges(
    landed: LandedFile,
    earlier: EarlierText,
    base: string,
    signal?: AbortSignal,
  ): Promise<LandedChanges | null> {
    return landChanges(landed, earlier, base, signal);
  }

  /** Lands JSON records that the service itself has written, one a line; `#line` counts them from 1. */
  async landRecords(path: string, folder: string, signal?: AbortSignal): Promise<LandedFile> {
    return landRecords(path, { folder, signal });
  }

  /**
   * Takes objects and arrays inside landed records apart, see `splitNested`; what it writes goes to `<folder>/nested`.
   */
  async splitNested(
    file: LandedFile,
    rules: NestedRules,
    folder: string,
    signal?: AbortSignal,
  ): Promise<SplitFile> {
    return splitNested(file, rules, { folder: join(folder, 'nested'), signal });
  }

  /**
   * Fetches every page of an API source and lands them in the request's folder. An attempt goes on where an earlier one in
   * the same folder stopped. Throws ApiRefused, PagingFailed, ApiUnavailable.
   */
  async fetch(request: FetchRequest): Promise<Fetched> {
    return fetchSource(request, this.sessions);
  }

  /** Throws FileChanged when one of the files is no longer what was seen. */
  async verify(files: SeenFile[]): Promise<void> {
    await verifyPaths(files);
  }
}
