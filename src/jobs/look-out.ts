import { Injectable } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { TerminalError, TransientError } from '../errors.js';
import { ExtractionService } from '../extraction/extraction.service.js';
import { lookAtStream, type StreamLook } from './look-at-stream.js';
import type { Monitor } from './monitor.entity.js';
import { type OpenPipeline, PipelinesService } from './pipelines.service.js';
import { runSignature } from './plan-files.js';
import type { Run } from './run.entity.js';
import { RunsService } from './runs.service.js';

/** What came of a look, as the monitor keeps it. */
export type LookResult = Pick<Monitor, 'signature' | 'lastResult'> & { everySeconds?: number };

/** Looks at a monitored pipeline's files and adds a run when they are not what the newest run saw. */
@Injectable()
export class LookOut {
  constructor(
    private readonly pipelines: PipelinesService,
    private readonly extraction: ExtractionService,
    private readonly runs: RunsService,
    @InjectPinoLogger(LookOut.name) private readonly logger: PinoLogger,
  ) {}

  /** @returns null when the newest config version wants no monitor */
  async look(monitor: Monitor, signal: AbortSignal): Promise<LookResult | null> {
    try {
      const opened = await this.pipelines.open(monitor.pipeline);
      if (!opened.config.monitor) return null;
      const looks: StreamLook[] = [];
      for (const stream of this.pipelines.streams(opened))
        looks.push(await lookAtStream(this.extraction, stream, signal));
      const signature = runSignature(looks.map((look) => look.signature));
      const lastResult = await this.compare(opened, looks, { before: monitor.signature, now: signature });
      return { signature, lastResult, everySeconds: opened.config.monitor.everySeconds };
    } catch (error) {
      signal.throwIfAborted();
      return { signature: null, lastResult: `failed: ${this.explain(error, monitor.pipeline)}` };
    }
  }

  private async compare(
    { pipeline, version: configVersion }: OpenPipeline,
    looks: StreamLook[],
    signature: { before: string | null; now: string | null },
  ): Promise<string> {
    const newest = await this.runs.newestWithFiles(pipeline);
    if (newest?.state === 'queued' || newest?.state === 'running') return `waiting: a run is ${newest.state}`;
    if (newest?.signature === signature.now) {
      if (newest.state === 'succeeded') return 'unchanged';
      // What made it fail may stand outside the files, such as a wrong target.
      if (newest.configVersion === configVersion)
        return `unchanged: run ${newest.id} failed on the same files`;
    }
    if (signature.before !== signature.now && isUnsettled(looks, newest)) {
      return 'waiting: a file that was there before does not stand still';
    }
    const run = await this.runs.exclusively(pipeline, async (manager) => {
      const open = await this.runs.findOpen(pipeline, manager);
      return open ? null : this.runs.add({ pipeline, configVersion, trigger: 'monitor' }, manager);
    });
    if (!run) return 'waiting: a run was added meanwhile';
    this.logger.info({ pipeline, runId: run.id }, 'files changed; added a run');
    return `changed: added run ${run.id}`;
  }

  private explain(error: unknown, pipeline: string): string {
    this.logger.warn({ err: error, pipeline }, 'could not look at a monitored pipeline');
    if (error instanceof TerminalError || error instanceof TransientError)
      return `${error.code}: ${error.message}`;
    return 'internal error, see the log';
  }
}

/**
 * Whether a file that the newest run had is being skipped now, most likely because somebody writes to it. A run would
 * go without it; the next look tells more.
 */
function isUnsettled(looks: StreamLook[], newest: Run | null): boolean {
  return looks.some((look, index) => {
    const before = new Set(newest?.files?.[index]?.files.map((file) => `${file.source}/${file.name}`));
    return look.skipped.some((file) => before.has(`${file.source}/${file.name}`));
  });
}
