import { type BeforeApplicationShutdown, Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { type Job, PgBoss } from 'pg-boss';
import type { EntityManager } from 'typeorm';
import { ServiceConnection } from '../database/service-connection.js';

const QUEUE = 'runs';

/** Runs that one process works on side by side. */
export const CONCURRENCY = 2;

/** For what no notification tells of: runs that were handed back, and those whose pipeline was busy. */
const POLL_SECONDS = 0.5;

/**
 * How long a worker may show no sign of life. A process that is held up for seconds, by a machine that is busy or stands
 * still, keeps its runs; one that died is found sooner, by the lock that `WorkerPresence` tells of.
 */
const HEARTBEAT_SECONDS = 30;

const HEARTBEAT_EVERY_SECONDS = 5;

/** How long a run may take before the queue takes it for lost, in seconds: the most that pg-boss allows. */
const LONGEST_RUN = 86_400;

const DAY = 86_400;

/** A worker's hold on a run: the queue's job, and how often the job had been claimed before. */
export interface Claim {
  runId: string;
  /** Names this claim among all claims of the run. */
  number: number;
  /** Aborts when the queue has given the run to another worker. */
  signal: AbortSignal;
}

/**
 * The queue of runs, kept by pg-boss in the service's database (schema `pgboss`). Runs of one pipeline go one after
 * the other in the order they were added, those of different pipelines side by side. A job is never failed for good:
 * the run row says what became of the run, and a failed job would block its pipeline.
 */
@Injectable()
export class RunQueue implements OnModuleInit, BeforeApplicationShutdown {
  private readonly boss: PgBoss;
  private isStopped = false;

  constructor(
    connection: ServiceConnection,
    @InjectPinoLogger(RunQueue.name) private readonly logger: PinoLogger,
  ) {
    const { host, port, user, password, database, ssl } = connection;
    this.boss = new PgBoss({
      host,
      port,
      user,
      password,
      database,
      ssl,
      application_name: 'millrace queue',
      max: 4,
      connectionTimeoutMillis: 10_000,
      // A run that is added wakes the workers of all processes at once; where the database cannot do that, they poll.
      useListenNotify: true,
      schedule: false,
      superviseIntervalSeconds: 5,
      monitorIntervalSeconds: 5,
    });
    // A session of the queue may outlast it, and end with the embedded database: that is nobody's trouble.
    this.boss.on('error', (error) => {
      this.logger[this.isStopped ? 'debug' : 'error']({ err: error }, 'queue error');
    });
    this.boss.on('warning', (warning) => this.logger.warn({ warning: warning.message }, 'queue warning'));
  }

  async onModuleInit(): Promise<void> {
    await this.boss.start();
    await this.boss.createQueue(QUEUE, {
      policy: 'key_strict_fifo',
      retryLimit: 1_000_000,
      retryDelay: 0,
      heartbeatSeconds: HEARTBEAT_SECONDS,
      expireInSeconds: LONGEST_RUN,
      retentionSeconds: 365 * DAY,
      deleteAfterSeconds: DAY,
      notify: true,
    });
    // A queue that an earlier version made stays as it is otherwise.
    await this.boss.updateQueue(QUEUE, { notify: true, heartbeatSeconds: HEARTBEAT_SECONDS });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    await this.boss.stop({ graceful: false });
  }

  /** Adds a run inside the caller's transaction: the row and its job are there together, or neither is. */
  async add(run: { id: string; pipeline: string }, manager: EntityManager): Promise<void> {
    const executeSql = async (text: string, values?: unknown[]) => {
      const result = await manager.queryRunner?.query(text, values, true);
      return { rows: result?.records ?? [] };
    };
    await this.boss.send(QUEUE, null, { id: run.id, singletonKey: run.pipeline, db: { executeSql } });
  }

  /**
   * Begins to hand out runs. A handler that returns is done with the run; when it throws, the run is handed out again.
   */
  async work(handler: (claim: Claim) => Promise<void>): Promise<void> {
    const options = {
      localConcurrency: CONCURRENCY,
      pollingIntervalSeconds: POLL_SECONDS,
      notifyPollingIntervalSeconds: POLL_SECONDS,
      heartbeatRefreshSeconds: HEARTBEAT_EVERY_SECONDS,
    };
    await this.boss.work(QUEUE, options, async ([job]: Job[]) => {
      if (job) await handler({ runId: job.id, number: job.retryCount, signal: job.signal });
    });
  }

  /** Hands out no more runs; resolves when every handler has ended. */
  async stopWork(): Promise<void> {
    await this.boss.offWork(QUEUE, { wait: true });
  }

  /** Takes a run from a worker that is gone, so that it is handed out again; does nothing if the claim is not its last. */
  async release(runId: string, claim: number): Promise<void> {
    await this.boss.fail(QUEUE, { id: runId, retryCount: claim }, { message: 'worker gone' });
  }
}
