import { randomUUIDv7 } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, LessThan, type Repository } from 'typeorm';
import { TerminalError } from '../errors.js';
import { decodeCursor, isUuid, type Page, pageOf } from './page.js';
import { RunQueue } from './run-queue.js';
import type { RunState, RunTrigger } from './run-report.js';
import { Run } from './run.entity.js';

export interface NewRun {
  pipeline: string;
  configVersion: number;
  trigger: RunTrigger;
  slot?: Date;
  idempotencyKey?: string;
  requestDigest?: string;
}

export interface RunFilter {
  pipeline?: string;
  state?: RunState;
  trigger?: RunTrigger;
  cursor?: string;
  limit: number;
}

/** Adds runs, and finds them again. */
@Injectable()
export class RunsService {
  constructor(
    @InjectRepository(Run) private readonly runs: Repository<Run>,
    private readonly queue: RunQueue,
  ) {}

  /**
   * Adds a run and its job in one transaction: once this resolves, the run will be done, whatever dies.
   * @param besides is done in the same transaction before; when it resolves to false, no run is added
   * @returns null when there is one for that slot or idempotency key already, or `besides` said no
   */
  async add(
    newRun: NewRun,
    besides: (manager: EntityManager) => Promise<boolean> = async () => true,
  ): Promise<Run | null> {
    return this.runs.manager.transaction(async (manager) => {
      if (!(await besides(manager))) return null;
      const id = randomUUIDv7();
      const row = { ...newRun, id, state: 'queued' as const, queuedAt: new Date() };
      const inserted = await manager
        .createQueryBuilder()
        .insert()
        .into(Run)
        .values(row)
        .orIgnore()
        .returning('id')
        .execute();
      if (inserted.raw.length === 0) return null;
      await this.queue.add({ id, pipeline: newRun.pipeline }, manager);
      return manager.findOneByOrFail(Run, { id });
    });
  }

  /** @throws TerminalError `RUN_NOT_FOUND` */
  async get(id: string): Promise<Run> {
    const run = isUuid(id.toLowerCase()) ? await this.runs.findOneBy({ id }) : null;
    if (!run) throw new TerminalError('RUN_NOT_FOUND', `expected the id of a run, got "${id}"`);
    return run;
  }

  /** The newest first. */
  async list({ pipeline, state, trigger, cursor, limit }: RunFilter): Promise<Page<Run>> {
    const before = cursor === undefined ? {} : { id: LessThan(decodeCursor(cursor)) };
    const where = { pipeline, state, trigger, ...before };
    const given = Object.fromEntries(Object.entries(where).filter(([, value]) => value !== undefined));
    const rows = await this.runs.find({ where: given, order: { id: 'DESC' }, take: limit + 1 });
    return pageOf(rows, limit);
  }

  async newest(pipeline: string): Promise<Run | null> {
    return this.runs.findOne({ where: { pipeline }, order: { id: 'DESC' } });
  }

  async findByKey(idempotencyKey: string): Promise<Run | null> {
    return this.runs.findOneBy({ idempotencyKey });
  }
}
