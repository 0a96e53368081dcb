import { Injectable } from '@nestjs/common';
import type { StreamConfig } from '../config-history/pipeline-config.js';
import { FileChanged } from '../extraction/file-errors.js';
import { ExtractionService } from '../extraction/extraction.service.js';
import type { Listing } from '../extraction/list-files.js';
import { type ComparedFile, compareFiles, type FileDifference, placeOf } from './compare-files.js';
import type { StreamListing } from './digest-listings.js';
import { lookAtStream, type StreamLook } from './look-at-stream.js';
import { type OpenPipeline, PipelinesService } from './pipelines.service.js';
import type { Run } from './run.entity.js';
import { SetAsideFiles } from './set-aside-files.js';

/**
 * For how long a file must have been known in its state for a run that a monitor added: what the monitor left alone a
 * moment ago, the run leaves alone too. The monitor comes again; a run that somebody asked for takes what there is.
 */
const RUN_STILL_MS = 1_000;

/** What an API has to show before it is asked. */
const NOTHING: Listing = { isFile: false, files: [], skipped: [] };

/** Looks at the sources of streams, the same way for runs and for monitors. */
@Injectable()
export class StreamLooks {
  constructor(
    private readonly pipelines: PipelinesService,
    private readonly extraction: ExtractionService,
    private readonly setAside: SetAsideFiles,
  ) {}

  /** All streams of a pipeline, in their order. */
  async lookAtAll(opened: OpenPipeline, signal: AbortSignal): Promise<StreamLook[]> {
    const { pipeline, version: configVersion } = opened;
    const looks: StreamLook[] = [];
    for (const stream of this.pipelines.streams(opened))
      looks.push(await this.look({ pipeline, configVersion }, stream, signal));
    return looks;
  }

  /** One stream of a run at work, without the files that workers died of until now. */
  async lookFor(run: Run, stream: StreamConfig, signal: AbortSignal): Promise<StreamLook> {
    const seen = await this.look(run, stream, signal);
    if (run.deaths === 0) return seen;
    const isNew = await Promise.all(
      seen.originals.map((file) => this.setAside.judge(run, stream.table, file)),
    );
    return isNew.includes(true) ? this.look(run, stream, signal) : seen;
  }

  /** One stream, without the files that were set aside. */
  async look(
    { pipeline, configVersion, trigger }: Pick<Run, 'pipeline' | 'configVersion'> & Partial<Run>,
    stream: StreamConfig,
    signal: AbortSignal,
  ): Promise<StreamLook> {
    const setAside = await this.setAside.of(pipeline, configVersion, stream.table);
    const stillForMs = trigger === 'monitor' ? RUN_STILL_MS : undefined;
    return lookAtStream(this.extraction, stream, { signal, setAside, stillForMs });
  }

  /** What the sources of all streams hold, by name and state only: reads no file. */
  async list(opened: OpenPipeline, signal: AbortSignal): Promise<StreamListing[]> {
    const listed: StreamListing[] = [];
    for (const stream of this.pipelines.streams(opened)) {
      const listings = [];
      for (const source of stream.sources) {
        const isLocal = source.type === 'local';
        listings.push(isLocal ? await this.extraction.list(source, signal) : NOTHING);
      }
      listed.push({ stream, listings });
    }
    return listed;
  }

  /** The same streams, their files known by content, apart from those that may still be being written. */
  async know(
    { pipeline, version }: OpenPipeline,
    listed: StreamListing[],
    { signal, stillForMs }: { signal: AbortSignal; stillForMs: number },
  ): Promise<StreamLook[]> {
    const looks: StreamLook[] = [];
    for (const { stream, listings } of listed) {
      const setAside = await this.setAside.of(pipeline, version, stream.table);
      looks.push(await lookAtStream(this.extraction, stream, { signal, setAside, stillForMs, listings }));
    }
    return looks;
  }

  /** How a stream's files differ from what they were; reads the start of those that became longer. */
  async compare(
    before: readonly ComparedFile[],
    { files, skipped }: StreamLook,
    signal: AbortSignal,
  ): Promise<FileDifference[]> {
    const seen = new Map(files.map((file) => [placeOf(file), file]));
    const differences = compareFiles(before, files, skipped);
    for (const difference of differences) {
      const file = seen.get(placeOf(difference));
      if (!difference.shorter || !file) continue;
      const isAppended = await this.extraction
        .beginsWith(file, difference.shorter, signal)
        .catch((error: unknown) => {
          if (error instanceof FileChanged) return false;
          throw error;
        });
      if (isAppended) difference.change = 'appended';
    }
    return differences;
  }
}
