import { Injectable } from '@nestjs/common';
import type { StreamConfig } from '../config-history/pipeline-config.js';
import { ExtractionService } from '../extraction/extraction.service.js';
import { lookAtStream, type StreamLook } from './look-at-stream.js';
import { type OpenPipeline, PipelinesService } from './pipelines.service.js';
import { SetAsideFiles } from './set-aside-files.js';

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

  /** One stream, without the files that were set aside. */
  async look(
    { pipeline, configVersion }: { pipeline: string; configVersion: number },
    stream: StreamConfig,
    signal: AbortSignal,
  ): Promise<StreamLook> {
    const setAside = await this.setAside.of(pipeline, configVersion, stream.table);
    return lookAtStream(this.extraction, stream, signal, setAside);
  }
}
