import { randomUUIDv7 } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, IsNull, Not, type Repository } from 'typeorm';
import { TerminalError } from '../errors.js';
import { findWithFiles, findWithFirstFiles } from './find-with-files.js';
import { type FileFilter, type FileOfRun, listRunFiles } from './list-run-files.js';
import { listRuns, type RunFilter } from './list-runs.js';
import { isUuid, type Page } from './page.js';
import { RunQueue } from './run-queue.js';
import type { Replay, RunState, RunTrigger } from './run-report.js';
import { Run } from './run.entity.js';
import { isStaged } from './stream-report.js';
import { addEvents, updateRun } from './update-run.js';

export interface NewRun {
  pipeline: string;
  configVersion: number;
  trigger: RunTrigger;
  slot?: Date;
  replay?: Replay;
}

/** Adds runs, and finds them again. */
@Injectable()
export class RunsService {
  constructor(
    @InjectRepository(Run) private readonly runs: Repository<Run>,
    private readonly queue: RunQueue,
  ) {}

  /**
   * A transaction in which nobody else adds a run of the pipeline, whichever process they are in. What `work` adds
   * will be done once this resolves, whatever dies.
   */
  async exclusively<T>(pipeline: string, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.runs.manager.transaction(async (manager) => {
      await manager.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
        `millrace runs of ${pipeline}`,
      ]);
      return work(manager);
    });
  }

  /** Adds a run and its job, inside the caller's transaction. */
  async add(newRun: NewRun, manager: EntityManager): Promise<Run> {
    const id = randomUUIDv7();
    const row = { ...newRun, id, state: 'queued' as const, queuedAt: new Date(), revision: 1 };
    await manager.insert(Run, row);
    const data = { state: 'queued', trigger: newRun.trigger };
    await addEvents(manager, { id, revision: 1, events: [{ type: 'state', data }] });
    await this.queue.add({ id, pipeline: newRun.pipeline }, manager);
    return manager.findOneByOrFail(Run, { id });
  }

  /**
   * The newest run of the pipeline's sources that is queued or running and that nobody has cancelled; it stays so until
   * the caller's transaction ends.
   */
  async findOpen(pipeline: string, manager: EntityManager): Promise<Run | null> {
    return manager.findOne(Run, {
      where: { pipeline, state: In(['queued', 'running']), replay: IsNull(), cancelAskedAt: IsNull() },
      order: { id: 'DESC' },
      lock: { mode: 'pessimistic_write' },
    });
  }

  /** The oldest run of the pipeline that is not over, of whatever kind and though somebody has cancelled it. */
  async findUnfinished(pipeline: string, manager: EntityManager): Promise<Run | null> {
    const where = { pipeline, state: In<RunState>(['queued', 'running']) };
    return manager.findOne(Run, { where, order: { id: 'ASC' } });
  }

  /** Notes on an open run that somebody asked for it again, so that it takes in what came after it had looked. */
  async askAgain(run: Run, manager: EntityManager): Promise<Run> {
    await manager.update(Run, { id: run.id }, { askedAt: () => 'clock_timestamp()' });
    return run;
  }

  /** The database's clock, which tells looks and those who ask in their order. */
  async now(): Promise<Date> {
    const [row] = await this.runs.query<{ now: Date }[]>('SELECT clock_timestamp() AS now');
    return row!.now;
  }

  /** Whether somebody asked for a run after it had begun to look at its sources. */
  async wasAskedSince(id: string, manager: EntityManager): Promise<boolean> {
    const asked = manager.createQueryBuilder(Run, 'run').where('run.id = :id', { id });
    return asked.andWhere('run.askedAt >= run.lookedAt').getExists();
  }

  /**
   * Cancels a run: at once when no worker has it, else its worker is told to, and settles what became of it.
   * @throws TerminalError `RUN_NOT_FOUND`, or `RUN_OVER` for one that ended otherwise
   */
  async cancel(id: string): Promise<Run> {
    const run = await this.get(id);
    const finished = { state: 'cancelled' as const, finishedAt: new Date() };
    const cancelled = { type: 'state' as const, data: { state: 'cancelled' } };
    // Where an attempt came as far as a load, only its worker can tell whether that was committed.
    if (!run.streams.some(isStaged)) {
      const where = { id: run.id, state: 'queued' as const, revision: run.revision };
      await updateRun(this.runs.manager, { where, changes: finished, events: [cancelled] });
    }
    const open = { id: run.id, state: In<RunState>(['queued', 'running']), cancelAskedAt: IsNull() };
    await updateRun(this.runs.manager, { where: open, changes: { cancelAskedAt: new Date() }, events: [] });
    const now = await this.getToShow(id);
    if (now.state !== 'succeeded' && now.state !== 'failed') return now;
    throw new TerminalError('RUN_OVER', `expected a run that is not over, got one that has ${now.state}`);
  }

  /** @throws TerminalError `RUN_NOT_FOUND` */
  async get(id: string): Promise<Run> {
    const run = isUuid(id.toLowerCase()) ? await this.runs.findOneBy({ id }) : null;
    return run ?? this.notFound(id);
  }

  /**
   * The run with the first `SHOWN_FILES` files of each stream.
   * @throws TerminalError `RUN_NOT_FOUND`
   */
  async getToShow(id: string): Promise<Run> {
    const run = isUuid(id.toLowerCase()) ? await findWithFirstFiles(this.runs, id) : null;
    return run ?? this.notFound(id);
  }

  /**
   * The run's files, a page at a time.
   * @throws TerminalError `RUN_NOT_FOUND` or `INVALID_CURSOR`
   */
  async files(id: string, filter: FileFilter): Promise<Page<FileOfRun>> {
    const run = await this.get(id);
    return listRunFiles(this.runs, run.id, filter);
  }

  /** Whether somebody has asked to cancel the run; nobody can until the caller's transaction ends. */
  async isToBeCancelled(id: string, manager: EntityManager): Promise<boolean> {
    const lock = { mode: 'pessimistic_write' as const };
    const run = await manager.findOne(Run, {
      select: { id: true, cancelAskedAt: true },
      where: { id },
      lock,
    });
    return run?.cancelAskedAt != null;
  }

  /** The newest first. */
  async list(filter: RunFilter): Promise<Page<Run>> {
    return listRuns(this.runs, filter);
  }

  /** The newest run of the pipeline's sources. */
  async newest(pipeline: string, manager = this.runs.manager): Promise<Run | null> {
    return manager.findOne(Run, { where: { pipeline, replay: IsNull() }, order: { id: 'DESC' } });
  }

  /** The newest run of the pipeline's sources that saw what they held, with its files. */
  async newestThatLooked(pipeline: string): Promise<Run | null> {
    const where = { pipeline, replay: IsNull(), signature: Not(IsNull()) };
    const newest = await this.runs.findOne({ where, order: { id: 'DESC' } });
    return newest && findWithFiles(this.runs, newest.id);
  }

  private notFound(id: string): never {
    throw new TerminalError('RUN_NOT_FOUND', `expected the id of a run, got "${id}"`);
  }
}
