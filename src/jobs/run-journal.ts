import type { PinoLogger } from 'nestjs-pino';
import type { QueryDeepPartialEntity, Repository } from 'typeorm';
import { TransientError } from '../errors.js';
import type { RunError, StreamReport } from './run-report.js';
import type { Run } from './run.entity.js';

/** Progress that is only nice to know is written at most this often. */
const PROGRESS_MS = 1_000;

/** Another worker holds the run now: whatever this one still does must not be written. */
export class RunTakenOver extends Error {
  constructor(runId: string) {
    super(`run ${runId}: expected to hold it, another worker does`);
    this.name = 'RunTakenOver';
  }
}

/**
 * The run row as its worker writes it. Each write goes through only while the row's attempt is this worker's own, so
 * a worker that was thought dead cannot harm the one that took over.
 */
export class RunJournal {
  private lastWrite = 0;

  constructor(
    private readonly runs: Repository<Run>,
    readonly run: Run,
    readonly log: PinoLogger['logger'],
  ) {}

  /** Makes the state of the streams durable. */
  async record(streams: StreamReport[], signature?: string | null): Promise<void> {
    await this.write(signature === undefined ? { streams } : { streams, signature });
  }

  /** Like `record`, but leaves it out when the last write is fresh. */
  async progress(streams: StreamReport[]): Promise<void> {
    if (performance.now() - this.lastWrite >= PROGRESS_MS) await this.record(streams);
  }

  /** Begins the next attempt in the same worker. */
  async nextAttempt(): Promise<void> {
    await this.write({ attempt: this.run.attempt + 1 });
  }

  async succeed(): Promise<void> {
    await this.write({ state: 'succeeded', finishedAt: new Date(), worker: null, error: null });
  }

  /** @param isPassing the same files may well load next time, so the monitor shall not take them for done */
  async fail(error: RunError, isPassing: boolean): Promise<void> {
    const streams = this.run.streams.map((stream) =>
      isUnderWay(stream) ? { ...stream, state: 'failed' } : stream,
    );
    const signature = isPassing ? { signature: null } : {};
    await this.write({ state: 'failed', finishedAt: new Date(), worker: null, error, streams, ...signature });
  }

  /** Gives an unfinished run back to the queue; it goes on from the last finished step. */
  async handBack(): Promise<void> {
    await this.write({ state: 'queued', worker: null });
  }

  private async write(changes: object): Promise<void> {
    const { id, attempt } = this.run;
    const mine = { id, attempt, state: 'running' as const };
    const safe = JSON.parse(JSON.stringify(changes, storable)) as QueryDeepPartialEntity<Run>;
    const { affected } = await this.runs.update(mine, safe).catch((error: unknown) => {
      throw new TransientError(
        'SERVICE_DATABASE',
        'the run could not be written to the service database',
        [],
        {
          cause: error,
        },
      );
    });
    if (affected !== 1) throw new RunTakenOver(id);
    Object.assign(this.run, changes);
    this.lastWrite = performance.now();
  }
}

function isUnderWay({ state }: StreamReport): boolean {
  return state === 'extracting' || state === 'staging' || state === 'loading' || state === 'writing';
}

/** jsonb takes neither NUL nor half of a surrogate pair. */
function storable(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? Buffer.from(value).toString().replaceAll('\0', '␀') : value;
}
