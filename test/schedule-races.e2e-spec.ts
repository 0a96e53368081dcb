import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { SchedulerRegistry } from '@nestjs/schedule';
import { RunQueue } from '../src/jobs/run-queue.js';
import { ScheduleSlots } from '../src/jobs/schedule-slots.js';
import type { ScheduleDto } from '../src/jobs/schedule.dto.js';
import { query, Service, until } from './jobs-support.js';
import { createApp, type TestApp } from './support.js';

const HOUR = 3_600_000;

/** The last slot of a daily schedule; the next one is far enough to stay out of the way. */
const SLOT = new Date(Math.floor(Date.now() / HOUR) * HOUR - 2 * HOUR);
const DAILY = `0 ${SLOT.getUTCHours()} * * *`;
/** Daily as well, and not to come for some hours, whatever its minute. */
const LATER = `${(SLOT.getUTCHours() + 8) % 24} * * *`;
const PROCESSES = 4;

/** Processes of one service. Their runs wait in the table, and no worker gets to hear of them. */
let apps: TestApp[];
let app: TestApp;
let service: Service;

beforeAll(async () => {
  app = await createApp();
  const { database, home, dataRoot } = app;
  const env = { DATABASE_URL: database.url, MILLRACE_HOME: home, MILLRACE_DATA_ROOTS: dataRoot };
  const others = await Promise.all(Array.from({ length: PROCESSES - 1 }, () => createApp({ env })));
  apps = [app, ...others];
  service = new Service(app.url);
  await service.upload(config('shop'));
});

beforeEach(() => {
  for (const one of apps) {
    jest.spyOn(one.app.get(RunQueue, { strict: false }), 'add').mockResolvedValue();
  }
});

afterAll(async () => {
  jest.restoreAllMocks();
  for (const one of apps.reverse()) await one.close();
});

const config = (pipeline: string) => `
pipeline: ${pipeline}
table: ${pipeline}
monitor: false
sources: [{ type: local, path: . }]
`;

/** The schedules, each with how many runs it has. */
const outcomes = () =>
  query<{ last_result: string | null }>(
    app.database.url,
    `SELECT pipeline, cron, last_result, (SELECT count(*)::int FROM millrace.runs r WHERE r.pipeline = s.pipeline) AS runs
       FROM millrace.schedules s ORDER BY pipeline`,
  );

const settle = (one: TestApp, pipeline: string) =>
  one.app.get(ScheduleSlots, { strict: false }).settle(pipeline);
const schedule = (one: TestApp, cron: string) =>
  new Service(one.url).post('/schedule-job', { pipeline: 'shop', cron });
const forgetRuns = () => query(app.database.url, 'TRUNCATE millrace.runs CASCADE');
/** Makes five slots of every schedule due. */
const missSlots = () =>
  query(app.database.url, 'UPDATE millrace.schedules SET last_slot = $1', [
    new Date(SLOT.getTime() - 5 * 24 * HOUR),
  ]);

describe('schedules in four processes', () => {
  it('F2 F4 a hundred, all due at once: one run each, and one that has no config holds up no other', async () => {
    const names = Array.from({ length: 99 }, (_, index) => `many_${String(index).padStart(2, '0')}`);
    for (let at = 0; at < names.length; at += 20)
      await Promise.all(names.slice(at, at + 20).map((name) => service.upload(config(name))));
    await query(
      app.database.url,
      `INSERT INTO millrace.schedules (pipeline, cron, timezone, created_at, last_slot)
         SELECT pipeline, $2, 'UTC', now(), now() FROM unnest($1::text[]) pipeline`,
      [[...names, 'gone'], DAILY],
    );
    const registries = apps.map((one) => one.app.get(SchedulerRegistry));
    await until(() => registries.every((registry) => registry.getCronJobs().size === 100));
    await missSlots();
    await Promise.all(
      registries.flatMap((registry) => [...registry.getCronJobs().values()].map((job) => job.fireOnTick())),
    );
    // What could not be settled at the first try, in a process that got no connection in time, is tried again.
    await until(async () => (await outcomes()).every(({ last_result: result }) => result !== null));
    const expected = names.map((pipeline) => ({ pipeline, last_result: 'added', runs: 1 }));
    const failed = { pipeline: 'gone', last_result: expect.stringMatching(/^failed: .*gone/), runs: 0 };
    expect(await outcomes()).toMatchObject([failed, ...expected]);
    await query(app.database.url, 'DELETE FROM millrace.schedules');
    await forgetRuns();
  });

  it('F2 all see the slot at once, and one adds its run', async () => {
    await schedule(app, DAILY);
    for (let round = 0; round < 25; round++) {
      await forgetRuns();
      await missSlots();
      await Promise.all(apps.map((one) => settle(one, 'shop')));
      expect(await outcomes()).toMatchObject([{ last_result: 'added', runs: 1 }]);
    }
  });

  it('is replaced while the tick of the earlier one is under way: its slot has one run, the new one has none', async () => {
    for (let round = 0; round < 50; round++) {
      await schedule(app, DAILY);
      await forgetRuns();
      await missSlots();
      const [cron, replacing] = [`${round} ${LATER}`, apps[round % PROCESSES]!];
      const [first, second] = [apps[(round + 1) % PROCESSES]!, apps[(round + 2) % PROCESSES]!];
      await Promise.all([settle(first, 'shop'), schedule(replacing, cron), settle(second, 'shop')]);
      await Promise.all(apps.map((one) => settle(one, 'shop')));
      expect(await outcomes()).toMatchObject([{ cron, last_result: null, runs: 1 }]);
    }
  });

  it('comes together with a trigger: one run for both', async () => {
    await schedule(app, DAILY);
    for (let round = 0; round < 20; round++) {
      await forgetRuns();
      await missSlots();
      const [first, second] = [apps[round % PROCESSES]!, apps[(round + 1) % PROCESSES]!];
      const [{ status }] = await Promise.all([
        new Service(first.url).post('/trigger-job', { pipeline: 'shop' }),
        settle(second, 'shop'),
      ]);
      expect([status, await outcomes()]).toMatchObject([202, [{ runs: 1 }]]);
    }
  });

  it('is replaced when nobody has dealt with its slot yet: the slot has its run all the same', async () => {
    await schedule(app, DAILY);
    await forgetRuns();
    await missSlots();
    await schedule(app, `0 ${LATER}`);
    expect(await outcomes()).toMatchObject([{ last_result: null, runs: 1 }]);
  });
});

describe('a clock that is set', () => {
  /** Ahead of the real clock, but not by weeks: the queue's timers are to outlive the return to it. */
  const TOMORROW = new Date(Date.now() + 24 * HOUR).toISOString().slice(0, 10);
  const at = (time: string) => jest.setSystemTime(new Date(`${TOMORROW}T${time}Z`));
  const endRuns = () => query(app.database.url, `UPDATE millrace.runs SET state = 'succeeded'`);
  const slots = async () => {
    const rows = await query<{ slot: Date }>(
      app.database.url,
      'SELECT slot FROM millrace.runs ORDER BY slot',
    );
    return rows.map(({ slot }) => slot.toISOString().slice(11, 16));
  };
  const shown = async () => (await service.get<ScheduleDto>('/schedules/shop')).body;

  beforeEach(async () => {
    // The clock alone: the drivers and the server need their timers.
    const doNotFake = ['nextTick', 'setImmediate', 'clearImmediate', 'setInterval', 'clearInterval'] as const;
    const norThese = ['setTimeout', 'clearTimeout', 'hrtime', 'performance', 'queueMicrotask'] as const;
    jest.useFakeTimers({
      now: new Date(`${TOMORROW}T10:30:00Z`),
      doNotFake: [...doNotFake, ...norThese],
    });
    await service.call('DELETE', '/schedules/shop');
    await forgetRuns();
    await schedule(app, '0 * * * *');
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('D19 forth: one run for all that was passed over', async () => {
    at('13:10:00');
    await Promise.all(apps.map((one) => settle(one, 'shop')));
    expect(await slots()).toEqual(['13:00']);
    expect((await shown()).nextRunAt).toBe(`${TOMORROW}T14:00:00.000Z`);
  });

  it('D19 back by minutes: no slot comes twice', async () => {
    at('11:00:00');
    await settle(app, 'shop');
    await endRuns();
    for (const time of ['10:40:00', '10:59:59', '11:00:00', '11:30:00']) {
      at(time);
      await Promise.all(apps.map((one) => settle(one, 'shop')));
    }
    expect(await slots()).toEqual(['11:00']);
    at('12:00:00');
    await settle(app, 'shop');
    expect(await slots()).toEqual(['11:00', '12:00']);
  });

  it('D19 back by hours: the schedule follows, and no slot has two runs', async () => {
    at('13:00:05');
    await settle(app, 'shop');
    await endRuns();
    at('10:40:00');
    await settle(app, 'shop');
    expect(await shown()).toMatchObject({
      lastResult: `waiting: the clock was set back, from ${TOMORROW}T13:00:00.000Z or later`,
    });
    for (const time of ['11:00:00', '12:00:00', '13:00:00', '14:00:00']) {
      at(time);
      await Promise.all(apps.map((one) => settle(one, 'shop')));
      await endRuns();
    }
    expect(await slots()).toEqual(['11:00', '12:00', '13:00', '14:00']);
  });
});
