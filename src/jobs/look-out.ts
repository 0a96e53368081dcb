import { Injectable } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { TerminalError, TransientError } from '../errors.js';
import { checkFolders, filesOf } from './check-folders.js';
import { countMissing } from './count-missing.js';
import { digestListings } from './digest-listings.js';
import { judgeLook } from './judge-look.js';
import type { StreamLook } from './look-at-stream.js';
import type { MonitorSight } from './monitor-sight.js';
import type { Monitor } from './monitor.entity.js';
import { type OpenPipeline, PipelinesService } from './pipelines.service.js';
import { runSignature } from './plan-files.js';
import type { Run } from './run.entity.js';
import { RunsService } from './runs.service.js';
import { StreamLooks } from './stream-looks.js';
import { hasLocalSource } from './stream-sources.js';
import { type ComparedStream, sumUpLook } from './sum-up-look.js';

/** For how long a new file must stand still, at most; a monitor that looks more often is content with less. */
const STILL_SECONDS = 5;

/** For so many looks do changes wait for files that a run had before and that are being written. */
const PATIENT_LOOKS = 5;

/** What came of a look, as the monitor keeps it; what is left out stays as it was. */
export interface LookResult extends Partial<
  Pick<Monitor, 'signature' | 'lastResult' | 'listing' | 'saw' | 'lastRunId' | 'everySeconds'>
> {
  /** When to look again, where that is to be before the interval is over. */
  againInSeconds?: number;
}

/** A look under way. */
interface Look {
  monitor: Monitor;
  opened: OpenPipeline;
  everySeconds: number;
  signal: AbortSignal;
}

interface EarlierRuns {
  newest: Run | null;
  /** The newest that saw what the sources held, with its files. */
  last: Run | null;
}

/** Looks at a monitored pipeline's files and adds a run when they are not what the newest run saw. */
@Injectable()
export class LookOut {
  constructor(
    private readonly pipelines: PipelinesService,
    private readonly looks: StreamLooks,
    private readonly runs: RunsService,
    @InjectPinoLogger(LookOut.name) private readonly logger: PinoLogger,
  ) {}

  /** @returns null when the newest config version wants no monitor, or has no files to look at */
  async look(monitor: Monitor, signal: AbortSignal): Promise<LookResult | null> {
    try {
      const opened = await this.pipelines.open(monitor.pipeline);
      if (!opened.config.monitor || !hasLocalSource(opened.config.streams)) return null;
      const { everySeconds } = opened.config.monitor;
      return { everySeconds, ...(await this.lookAtFiles({ monitor, opened, everySeconds, signal })) };
    } catch (error) {
      signal.throwIfAborted();
      const lastResult = `failed: ${this.explain(error, monitor.pipeline)}`;
      return { listing: null, saw: null, lastResult };
    }
  }

  private async lookAtFiles(look: Look): Promise<LookResult> {
    const { monitor, opened, signal } = look;
    const newest = await this.runs.newest(opened.pipeline);
    if (newest?.state === 'queued' || newest?.state === 'running')
      return { lastResult: `waiting: a run is ${newest.state}`, listing: null };
    const listed = await this.looks.list(opened, signal);
    const listing = digestListings(contextOf(opened, newest), listed);
    if (listing === monitor.listing) return {};
    const stillForMs = 1_000 * Math.min(STILL_SECONDS, look.everySeconds);
    const last = await this.runs.newestThatLooked(opened.pipeline);
    if (last?.configVersion === opened.version) checkFolders(listed, last);
    const looks = await this.looks.know(opened, listed, { signal, stillForMs });
    const result = await this.settle(look, looks, { newest, last });
    // What waits is to be judged again, though nothing may change but the time.
    const isSettled = looks.every(({ isWhole }) => isWhole) && !result.saw?.waitingSince;
    return { ...result, listing: isSettled ? listing : null };
  }

  /** Compares what was seen with what the newest run saw, and adds a run where that is called for. */
  private async settle(look: Look, looks: StreamLook[], { newest, last }: EarlierRuns): Promise<LookResult> {
    const { monitor, opened, everySeconds } = look;
    const { saw, missing } = await this.compare(look, looks, last);
    const signature = runSignature(looks.map((one) => one.signature));
    const waitingSince = monitor.saw?.waitingSince ?? null;
    const verdict = judgeLook({
      newest,
      configVersion: opened.version,
      signature,
      before: monitor.signature,
      sight: saw,
      missing,
      isOverdue: waitingSince !== null && secondsSince(waitingSince) >= PATIENT_LOOKS * everySeconds,
    });
    if (verdict.outcome === 'waits') saw.waitingSince = waitingSince ?? new Date().toISOString();
    const isNewlyUnsettled = saw.unsettled > 0 && !monitor.saw?.unsettled;
    const againInSeconds = isNewlyUnsettled ? Math.min(STILL_SECONDS, everySeconds) : undefined;
    const result = {
      // Of what waits, the look before must not seem to have seen it.
      signature: verdict.outcome === 'waits' ? undefined : signature,
      saw,
      againInSeconds,
      lastResult: verdict.says,
    };
    if (verdict.outcome !== 'run') return result;
    return { ...result, ...(await this.addRun(opened, newest, verdict.says)) };
  }

  private async compare(
    { opened, signal }: Look,
    looks: StreamLook[],
    last: Run | null,
  ): Promise<{ saw: MonitorSight; missing: number }> {
    const compared: ComparedStream[] = [];
    let missing = 0;
    for (const [index, look] of looks.entries()) {
      const { table } = opened.config.streams[index]!;
      const before = filesOf(last, table);
      const differences = await this.looks.compare(before, look, signal);
      compared.push({ table, look, differences });
      missing += countMissing(before, look, differences);
    }
    return { saw: sumUpLook(last?.id ?? null, compared), missing };
  }

  /** Unless another process has added one since the look began: what was seen may be loaded by now. */
  private async addRun(
    { pipeline, version: configVersion }: OpenPipeline,
    newest: Run | null,
    says: string,
  ): Promise<Pick<LookResult, 'lastResult' | 'lastRunId' | 'listing'>> {
    const run = await this.runs.exclusively(pipeline, async (manager) => {
      if ((await this.runs.newest(pipeline, manager))?.id !== newest?.id) return null;
      const open = await this.runs.findOpen(pipeline, manager);
      return open ? null : this.runs.add({ pipeline, configVersion, trigger: 'monitor' }, manager);
    });
    if (!run) return { lastResult: 'waiting: a run was added meanwhile' };
    this.logger.info({ pipeline, runId: run.id }, 'files changed; added a run');
    return { lastResult: `${says}: added run ${run.id}`, lastRunId: run.id };
  }

  private explain(error: unknown, pipeline: string): string {
    this.logger.warn({ err: error, pipeline }, 'could not look at a monitored pipeline');
    if (error instanceof TerminalError || error instanceof TransientError)
      return `${error.code}: ${error.message}`;
    return 'internal error, see the log';
  }
}

/** The day is part of it, so that what is known of the files is refreshed before it is forgotten. */
function contextOf({ version }: OpenPipeline, newest: Run | null): unknown[] {
  const day = new Date().toISOString().slice(0, 10);
  return [day, version, newest && [newest.id, newest.state, newest.signature]];
}

function secondsSince(moment: string): number {
  return (Date.now() - Date.parse(moment)) / 1_000;
}
