import type { PinoLogger } from 'nestjs-pino';
import type { EntityManager, Repository } from 'typeorm';
import { TransientError } from '../errors.js';
import type { RunMeter } from './run-meter.js';
import type {
  RunError,
  RunProgress,
  RunState,
  StreamFiles,
  StreamReport,
  StreamState,
  Suspect,
  TransformReport,
} from './run-report.js';
import type { Run } from './run.entity.js';
import { isSkipped } from './part-failures.js';
import { isTransformOver } from './transform-walk.js';
import { joinFiles, summaryOf } from './stream-report.js';
import { storable } from './storable.js';
import { type NewEvent, type RunUpdate, updateRun } from './update-run.js';

/** Another worker holds the run now: whatever this one still does must not be written. */
export class RunTakenOver extends Error {
  constructor(runId: string) {
    super(`run ${runId}: expected to hold it, another worker does`);
    this.name = 'RunTakenOver';
  }
}

export interface Looked {
  /** Digest of all that was looked at. */
  signature: string | null;
}

/**
 * The run row as its worker writes it. Each write goes through only while the row's attempt is this worker's own, so
 * a worker that was thought dead cannot harm the one that took over.
 */
export class RunJournal {
  private streams: StreamReport[];
  /** As the end of the run leaves them; null before it. */
  private transforms: TransformReport[] | null = null;
  private lastWrite: Promise<unknown> = Promise.resolve();
  private newProgress: RunProgress | null = null;
  private hasNewFiles = false;
  private states: (StreamState | undefined)[];

  constructor(
    private readonly runs: Repository<Run>,
    readonly run: Run,
    readonly log: PinoLogger['logger'],
    readonly meter: RunMeter,
    /** Wakes those who follow the run; left to whoever commits it, where a write has a transaction of its own. */
    readonly tell: () => void,
  ) {
    this.streams = joinFiles(run);
    this.states = this.streams.map(({ state }) => state);
  }

  /** What the run has reached by now, stream by stream, by attempts of other workers and of this one. */
  get reached(): StreamReport[] {
    return this.streams;
  }

  /** Makes the state of the streams durable, their files as well. */
  async record(streams: StreamReport[], looked?: Looked): Promise<void> {
    this.hasNewFiles = true;
    await this.recordStreams(streams, looked);
  }

  /** Like `record`, where nothing changed about the files since. */
  async recordStep(streams: StreamReport[]): Promise<void> {
    await this.recordStreams(streams);
  }

  /** Makes durable what the transforms have reached. */
  async recordTransforms(transforms: TransformReport[]): Promise<void> {
    const changed = transforms.filter(
      ({ state }, index) => state !== (this.run.transforms[index]?.state ?? 'waiting'),
    );
    await this.write({ transforms: structuredClone(transforms) }, changed.map(transformEvent));
  }

  /** Makes durable when the run looks at its sources: who asks for it after that may mean what came later. */
  async beginLook(): Promise<void> {
    const where = this.mine();
    const changes = { lookedAt: () => 'clock_timestamp()' };
    if (!(await this.update(this.runs.manager, { where, changes, events: [] }))) throw this.takenOver();
  }

  /** Makes durable that a later look, which began then, has seen nothing new. */
  async lookedAgain(lookedAt: Date): Promise<void> {
    await this.write({ lookedAt }, []);
  }

  /** How far the run is; nice to know, and no event. Written with a step of the streams that waits to be. */
  async progress(progress: RunProgress): Promise<void> {
    this.newProgress = progress;
    await this.lastWrite;
    if (this.newProgress) await this.write(this.takeProgress(), []);
  }

  /** Makes durable which file the worker is at, in case that it dies of it. */
  async suspect(suspect: Suspect | null): Promise<void> {
    await this.write({ suspect }, []);
  }

  /** Begins the next attempt in the same worker. */
  async nextAttempt(): Promise<void> {
    const attempt = this.run.attempt + 1;
    await this.write({ attempt }, [stateEvent('running', { attempt })]);
  }

  /** @param manager of the transaction in which nobody else asks for the run */
  async succeed(manager: EntityManager): Promise<void> {
    await this.finish('succeeded', { error: null }, manager);
  }

  /** @param isPassing the same files may well load next time, so the monitor shall not take them for done */
  async fail(error: RunError, isPassing: boolean, manager: EntityManager): Promise<void> {
    this.endStreams('failed');
    await this.finish('failed', { error, ...(isPassing ? { signature: null } : {}) }, manager);
  }

  async cancel(manager?: EntityManager): Promise<void> {
    this.endStreams('cancelled');
    // What it was about is not loaded, whatever the monitor sees next.
    await this.finish('cancelled', {}, manager);
  }

  /** Gives an unfinished run back to the queue; it goes on from the last finished step. */
  async handBack(): Promise<void> {
    const changes = { state: 'queued', worker: null, progress: null, suspect: null };
    await this.write(changes, [stateEvent('queued')]);
  }

  /** One after the other: streams that are walked side by side must not undo what the other has written. */
  private recordStreams(streams: StreamReport[], looked?: Looked): Promise<void> {
    const write = this.lastWrite.then(() => this.writeStreams(streams, looked));
    this.lastWrite = write.catch(() => {});
    return write;
  }

  /** A stream that is about to tell of its files is told of with them, whoever writes first. */
  private async writeStreams(streams: StreamReport[], looked?: Looked): Promise<void> {
    this.streams = streams;
    const events = this.streamEvents();
    const hadNewFiles = this.hasNewFiles;
    const files = hadNewFiles ? { files: streams.map(filesOf) } : {};
    this.hasNewFiles = false;
    const states = streams.map(({ state }) => state);
    try {
      const reports = { streams: streams.map(summaryOf), ...files, ...this.takeProgress() };
      await this.write({ ...reports, ...looked }, events);
    } catch (error) {
      this.hasNewFiles ||= hadNewFiles;
      throw error;
    }
    this.meter.see(streams);
    this.states = states;
  }

  private takeProgress(): { progress?: RunProgress } {
    const progress = this.newProgress;
    this.newProgress = null;
    return progress ? { progress } : {};
  }

  /** One for each stream whose state is not what was written last. */
  private streamEvents(): NewEvent[] {
    const changed = this.streams.filter(({ state }, index) => state !== this.states[index]);
    return changed.map(({ table, state, read, inserted, updated, duplicate, rejected }) => {
      return { type: 'stream', data: { table, state, read, inserted, updated, duplicate, rejected } };
    });
  }

  private endStreams(state: 'failed' | 'cancelled'): void {
    this.streams = this.streams.map((stream) => endOf(stream, state));
    this.transforms = this.run.transforms.map((transform) => endOfTransform(transform, state));
  }

  private async finish(
    state: RunState,
    changes: { error?: RunError | null; signature?: null },
    manager?: EntityManager,
  ): Promise<void> {
    const over = { worker: null, progress: null, suspect: null, finishedAt: new Date() };
    const code = changes.error ? { code: changes.error.code, message: changes.error.message } : {};
    const events = [...this.streamEvents(), stateEvent(state, code)];
    const reports = {
      streams: this.streams.map(summaryOf),
      ...(this.transforms && { transforms: this.transforms }),
    };
    await this.write({ state, ...reports, ...over, ...changes }, events, manager);
  }

  private async write(changes: object, events: NewEvent[], manager = this.runs.manager): Promise<void> {
    const safe = storable({ changes, events }) as Omit<RunUpdate, 'where'>;
    if (!(await this.update(manager, { where: this.mine(), ...safe }))) throw this.takenOver();
    Object.assign(this.run, changes);
    if (events.length > 0 && manager === this.runs.manager) this.tell();
  }

  private update(manager: EntityManager, update: RunUpdate): Promise<string | null> {
    return updateRun(manager, update).catch((error: unknown) => {
      const message = 'the run could not be written to the service database';
      throw new TransientError('SERVICE_DATABASE', message, [], { cause: error });
    });
  }

  private mine(): RunUpdate['where'] {
    const { id, attempt } = this.run;
    return { id, attempt, state: 'running' };
  }

  private takenOver(): RunTakenOver {
    return new RunTakenOver(this.run.id);
  }
}

function stateEvent(state: RunState, more: object = {}): NewEvent {
  return { type: 'state', data: { state, ...more } };
}

function transformEvent({ name, state, rows }: TransformReport): NewEvent {
  return { type: 'transform', data: { name, state, rows } };
}

function endOfTransform(transform: TransformReport, end: 'failed' | 'cancelled'): TransformReport {
  const { state, error } = transform;
  if (isTransformOver(transform)) return transform;
  if (end === 'failed' && state === 'waiting' && !error) return transform;
  return { ...transform, state: end === 'failed' && isSkipped(transform) ? 'skipped' : end };
}

function filesOf({ files, skipped }: StreamReport): StreamFiles {
  return { files, skipped };
}

function endOf(stream: StreamReport, end: 'failed' | 'cancelled'): StreamReport {
  if (end === 'failed' && stream.state === 'waiting' && isSkipped(stream))
    return { ...stream, state: 'skipped' };
  return isUnderWay(stream, end) ? { ...stream, state: end } : stream;
}

function isUnderWay({ state, error }: StreamReport, end: 'failed' | 'cancelled'): boolean {
  // A cancelled run does nothing more, one that failed may be triggered again: there what waits is only waiting.
  if (state === 'waiting') return end === 'cancelled' || Boolean(error);
  return state === 'extracting' || state === 'staging' || state === 'loading' || state === 'writing';
}
