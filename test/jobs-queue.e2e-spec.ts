import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import { getRepositoryToken } from '@nestjs/typeorm';
import type { PinoLogger } from 'nestjs-pino';
import type { PgBoss } from 'pg-boss';
import type { Repository } from 'typeorm';
import { AppModule } from '../src/app.module.js';
import { TerminalError, TransientError } from '../src/errors.js';
import { CancelWatch } from '../src/jobs/cancel-watch.js';
import type { RunJournal } from '../src/jobs/run-journal.js';
import { RunPipeline } from '../src/jobs/run-pipeline.js';
import { RunQueue } from '../src/jobs/run-queue.js';
import type { RunSignals } from '../src/jobs/run-signals.js';
import { Run } from '../src/jobs/run.entity.js';
import { RunsService } from '../src/jobs/runs.service.js';
import { LOOKS_MISSED, WorkerPresence } from '../src/jobs/worker-presence.js';
import { parseSettings } from '../src/settings/parse-settings.js';
import { query, until } from './jobs-support.js';
import { createDatabase, type TestDatabase } from './support.js';

/** Stands for the stages: each run waits at a gate until the test opens it. */
class Gates {
  readonly begun: string[] = [];
  active = 0;
  most = 0;
  private readonly gates = new Map<string, PromiseWithResolvers<void>>();

  async walk({ run }: RunJournal, { work }: RunSignals): Promise<void> {
    this.begun.push(run.id);
    this.most = Math.max(this.most, ++this.active);
    const gate = this.gate(run.id);
    const aborted = new Promise<never>((_, reject) => {
      work.addEventListener('abort', () => reject(work.reason));
    });
    await Promise.race([gate.promise, aborted]).finally(() => this.active--);
  }

  open(id: string): void {
    this.gate(id).resolve();
  }

  break(id: string, error: Error): void {
    const gate = this.gate(id);
    this.gates.delete(id);
    gate.reject(error);
  }

  private gate(id: string): PromiseWithResolvers<void> {
    const gate = this.gates.get(id) ?? Promise.withResolvers<void>();
    this.gates.set(id, gate);
    return gate;
  }
}

interface Worker {
  app: INestApplicationContext;
  gates: Gates;
  runs: RunsService;
}

let database: TestDatabase;
let home: string;
const workers: Worker[] = [];

async function startWorker(): Promise<Worker> {
  const settings = parseSettings({ DATABASE_URL: database.url, MILLRACE_HOME: home, LOG_LEVEL: 'silent' });
  const gates = new Gates();
  const module = await Test.createTestingModule({ imports: [AppModule.register(settings)] })
    .overrideProvider(RunPipeline)
    .useValue(gates)
    .compile();
  const app = await module.init();
  const worker = { app, gates, runs: app.get(RunsService) };
  workers.push(worker);
  return worker;
}

async function add({ runs }: Worker, pipeline: string): Promise<string> {
  const run = { pipeline, configVersion: 1, trigger: 'manual' as const };
  return (await runs.exclusively(pipeline, (manager) => runs.add(run, manager))).id;
}

const stateIs = ({ runs }: Worker, id: string, state: string) => {
  return until(async () => (await runs.get(id)).state === state);
};

beforeAll(async () => {
  database = await createDatabase();
  home = await mkdtemp(join(tmpdir(), 'millrace-queue-'));
});

afterEach(async () => {
  for (const { app } of workers.splice(0)) await app.close();
});

afterAll(async () => {
  await database.drop();
  await rm(home, { recursive: true });
});

describe('the queue of runs', () => {
  it('does runs of one pipeline one after the other, others side by side, two at a time', async () => {
    const worker = await startWorker();
    const { gates } = worker;
    const first = await add(worker, 'a');
    const second = await add(worker, 'a');
    const other = await add(worker, 'b');
    const third = await add(worker, 'c');
    await until(() => gates.begun.length === 2);
    // Which of the two walks first is up to how fast their logs are opened.
    expect([...gates.begun].sort()).toEqual([first, other].sort());
    gates.open(first);
    await until(() => gates.begun.length === 3);
    expect(gates.begun[2]).toBe(second);
    for (const id of [second, other, third]) gates.open(id);
    for (const id of [first, second, other, third]) await stateIs(worker, id, 'succeeded');
    expect(gates.most).toBe(2);
  });

  it('gives an unfinished run back at an orderly stop, and the next worker takes it up', async () => {
    const worker = await startWorker();
    const id = await add(worker, 'a');
    await until(() => worker.gates.begun.includes(id));
    await worker.app.close();
    workers.length = 0;
    const next = await startWorker();
    await until(() => next.gates.begun.includes(id));
    expect(await next.runs.get(id)).toMatchObject({ state: 'running', attempt: 2, deaths: 0 });
    next.gates.open(id);
    await stateIs(next, id, 'succeeded');
  });

  it('is cancelled, and has not failed, where somebody asked for that before it failed', async () => {
    const worker = await startWorker();
    const watch = worker.app.get(CancelWatch) as unknown as { look(): Promise<void> };
    jest.spyOn(watch, 'look').mockResolvedValue();
    const id = await add(worker, 'a');
    await until(() => worker.gates.begun.includes(id));
    await worker.runs.cancel(id);
    worker.gates.break(id, new TerminalError('TOO_LATE', 'the worker has not heard of it yet'));
    await stateIs(worker, id, 'cancelled');
    expect((await worker.runs.get(id)).error).toBeNull();
  });

  it('complains of a lost session only until it is stopped', async () => {
    const { app } = await startWorker();
    const queue = app.get(RunQueue) as unknown as { logger: PinoLogger; boss: PgBoss };
    const complain = jest.spyOn(queue.logger, 'error');
    queue.boss.emit('error', new Error('lost'));
    expect(complain).toHaveBeenCalledTimes(1);
    await app.close();
    workers.length = 0;
    queue.boss.emit('error', new Error('lost'));
    expect(complain).toHaveBeenCalledTimes(1);
  });

  it('takes a run from a worker that died, at once, and lets the dead one write nothing any more', async () => {
    const dead = await startWorker();
    const id = await add(dead, 'a');
    await until(() => dead.gates.begun.includes(id));
    const next = await startWorker();
    await die(dead);
    const taken = await until(async () => {
      const run = await next.runs.get(id);
      return run.attempt === 2 && run;
    });
    expect(taken).toMatchObject({ state: 'running', deaths: 1 });
    dead.gates.break(id, new TerminalError('TOO_LATE', 'this must not be written'));
    await until(() => dead.gates.active === 0);
    await dead.app.close();
    workers.shift();
    expect(await next.runs.get(id)).toMatchObject({ state: 'running', attempt: 2, error: null });
    next.gates.open(id);
    await stateIs(next, id, 'succeeded');
  });

  it('leaves a run to a worker that lost only the session that showed it was alive', async () => {
    const worker = await startWorker();
    const id = await add(worker, 'a');
    await until(() => worker.gates.begun.includes(id));
    const other = await startWorker();
    // The looks are those made below: what a session needs to come back may be longer than several of their own.
    for (const { app } of [worker, other]) {
      clearInterval(app.get(SchedulerRegistry).getInterval('orphaned runs') as NodeJS.Timeout);
    }
    const presence = worker.app.get(WorkerPresence) as unknown as { connect(): Promise<void> };
    const connect = presence.connect.bind(presence);
    const isBack = Promise.withResolvers<void>();
    jest.spyOn(presence, 'connect').mockImplementation(() => isBack.promise.then(connect));
    await kill(database, 'millrace presence');
    // A session that has just been lost cannot look.
    const look = ({ app }: Worker) =>
      until(() =>
        app
          .get(WorkerPresence)
          .orphans()
          .catch(() => null),
      );
    for (let looks = 1; looks < LOOKS_MISSED; looks++) expect(await look(other)).toEqual([]);
    isBack.resolve();
    await until(async () => {
      const locks = `SELECT FROM pg_locks l JOIN millrace.runs r ON l.objid::bigint = r.worker
                     WHERE r.id = $1 AND l.locktype = 'advisory' AND l.granted`;
      return (await query(database.url, locks, [id])).length === 1;
    });
    for (let looks = 0; looks < LOOKS_MISSED; looks++) {
      for (const one of [worker, other]) expect(await look(one)).toEqual([]);
    }
    worker.gates.open(id);
    await stateIs(worker, id, 'succeeded');
    expect(await worker.runs.get(id)).toMatchObject({ attempt: 1, deaths: 0 });
  });

  it('tries again to write down that a run succeeded', async () => {
    const worker = await startWorker();
    const id = await add(worker, 'a');
    await until(() => worker.gates.begun.includes(id));
    const runs = worker.app.get<Repository<Run>>(getRepositoryToken(Run));
    jest
      .spyOn(runs.manager, 'transaction')
      .mockRejectedValueOnce(new Error('Connection terminated unexpectedly'));
    worker.gates.open(id);
    await stateIs(worker, id, 'succeeded');
    expect((await worker.runs.get(id)).attempt).toBe(2);
  });

  it('tries again what may pass by itself, and nothing else', async () => {
    const worker = await startWorker();
    const { gates, runs } = worker;
    const passing = await add(worker, 'a');
    await until(() => gates.begun.length === 1);
    gates.break(passing, new TransientError('CONNECTION_LOST', 'the connection was lost'));
    await until(() => gates.begun.length === 2);
    gates.open(passing);
    await stateIs(worker, passing, 'succeeded');
    expect((await runs.get(passing)).attempt).toBe(2);

    const hopeless = await add(worker, 'a');
    await until(() => gates.begun.includes(hopeless));
    gates.break(
      hopeless,
      new TerminalError('TARGET_LOGIN', 'wrong password', [{ message: 'wrong password' }]),
    );
    await stateIs(worker, hopeless, 'failed');
    const error = {
      code: 'TARGET_LOGIN',
      message: 'wrong password',
      details: [{ message: 'wrong password' }],
    };
    expect(await runs.get(hopeless)).toMatchObject({ attempt: 1, error });

    const unforeseen = await add(worker, 'a');
    await until(() => gates.begun.includes(unforeseen));
    gates.break(unforeseen, new Error('the password is secret'));
    await stateIs(worker, unforeseen, 'failed');
    const { error: shown } = await runs.get(unforeseen);
    expect(shown).toMatchObject({ code: 'INTERNAL', details: [] });
    expect(shown!.message).not.toContain('secret');
  });

  it('gives a run up that five workers died of, and goes on with the next', async () => {
    const worker = await startWorker();
    const poison = await add(worker, 'a');
    await until(() => worker.gates.begun.includes(poison));
    await query(database.url, 'UPDATE millrace.runs SET deaths = 4 WHERE id = $1', [poison]);
    const heir = await startWorker();
    await die(worker);
    await stateIs(heir, poison, 'failed');
    expect((await heir.runs.get(poison)).error).toMatchObject({ code: 'WORKERS_LOST' });
    worker.gates.open(poison);
    const next = await add(heir, 'a');
    heir.gates.open(next);
    await stateIs(heir, next, 'succeeded');
  });

  it('adds neither row nor job when the transaction fails', async () => {
    const worker = await startWorker();
    const failing = worker.runs.exclusively('x', async (manager) => {
      await worker.runs.add({ pipeline: 'x', configVersion: 1, trigger: 'manual' }, manager);
      await manager.query('SELECT 1/0');
    });
    await expect(failing).rejects.toThrow('division by zero');
    expect(await worker.runs.newest('x')).toBeNull();
  });
});

/** Takes no more runs and shows no more sign of life, but goes on with what it is at. */
async function die({ app }: Worker): Promise<void> {
  void app.get(RunQueue).stopWork();
  const presence = app.get(WorkerPresence);
  jest.spyOn(presence, 'orphans').mockResolvedValue([]);
  await presence.beforeApplicationShutdown();
}

/** Resolves when its sessions are gone, and their locks with them. */
async function kill(database: TestDatabase, application: string): Promise<number> {
  const sql = `SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity
               WHERE application_name = $1 AND datname = current_database()`;
  return (await query(database.url, sql, [application])).length;
}
