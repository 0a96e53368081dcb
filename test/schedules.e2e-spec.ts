import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { SchedulerRegistry } from '@nestjs/schedule';
import type { RunDto } from '../src/jobs/run.dto.js';
import { RunPipeline } from '../src/jobs/run-pipeline.js';
import { RunsService } from '../src/jobs/runs.service.js';
import type { ReplacedScheduleDto, ScheduleDto } from '../src/jobs/schedule.dto.js';
import { query, Service, until } from './jobs-support.js';
import { createApp, type TestApp } from './support.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** The last slot of a daily schedule; the next one is far enough to stay out of the way. */
const SLOT = new Date(Math.floor(Date.now() / HOUR) * HOUR - 2 * HOUR);
const DAILY = `0 ${SLOT.getUTCHours()} * * *`;

let app: TestApp;
let service: Service;

beforeAll(async () => {
  app = await createApp();
  service = new Service(app.url);
  await mkdir(join(app.dataRoot, 'inbox'));
  await writeFile(join(app.dataRoot, 'inbox/a.csv'), 'id\n1\n2\n');
  await service.upload(config('shop'));
  await service.upload(config('stock'));
});

afterAll(() => app.close());

const config = (pipeline: string) => `
pipeline: ${pipeline}
table: ${pipeline}
monitor: false
sources: [{ type: local, path: inbox }]
`;

/** Another process of the same service. */
const another = () =>
  createApp({
    env: { DATABASE_URL: app.database.url, MILLRACE_HOME: app.home, MILLRACE_DATA_ROOTS: app.dataRoot },
  });

const cronJob = (one: TestApp, pipeline = 'shop') =>
  one.app.get(SchedulerRegistry).getCronJob(`schedule:${pipeline}`);
const schedule = async (body: object) =>
  (await service.post<ReplacedScheduleDto>('/schedule-job', body)).body;
const scheduleOf = async (pipeline: string) =>
  (await service.get<ScheduleDto>(`/schedules/${pipeline}`)).body;
const scheduled = async (pipeline: string) => {
  const { body } = await service.get<{ items: RunDto[] }>(
    `/runs?pipeline=${pipeline}&trigger=schedule&limit=100`,
  );
  return body.items;
};
const slots = async (pipeline: string) => {
  const rows = await query<{ slot: Date }>(
    app.database.url,
    `SELECT slot FROM millrace.runs WHERE pipeline = $1 AND trigger = 'schedule' ORDER BY slot`,
    [pipeline],
  );
  return rows.map(({ slot }) => slot.toISOString());
};

/** Makes so many slots of a daily schedule due, as if no process had been there. */
const missSlots = (pipeline: string, count: number) =>
  query(app.database.url, 'UPDATE millrace.schedules SET last_slot = $2 WHERE pipeline = $1', [
    pipeline,
    new Date(SLOT.getTime() - count * DAY + HOUR),
  ]);

describe('POST /schedule-job', () => {
  it('is hourly in UTC unless told otherwise', async () => {
    const { status, body } = await service.post('/schedule-job', { pipeline: 'shop' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ pipeline: 'shop', cron: '0 * * * *', timezone: 'UTC', replaced: false });
    const next = new Date(body['nextRunAt'] as string);
    expect(next.getTime() - Date.now()).toBeLessThanOrEqual(HOUR);
    expect(next.toISOString()).toMatch(/:00:00\.000Z$/);
  });

  it('replaces the schedule that there was, in the registry too', async () => {
    const earlier = cronJob(app);
    const { body } = await service.post('/schedule-job', {
      pipeline: 'shop',
      cron: '30 6 * * *',
      timezone: 'Asia/Kathmandu',
    });
    expect(body).toMatchObject({ cron: '30 6 * * *', replaced: true });
    expect(body['nextRunAt']).toMatch(/T00:45:00\.000Z$/);
    expect([earlier.isActive, cronJob(app).isActive]).toEqual([false, true]);
    const { body: list } = await service.get<{ items: unknown[] }>('/schedules');
    expect(list.items).toHaveLength(1);
  });

  it('takes short forms, and answers with the fields that they stand for', async () => {
    expect(await schedule({ pipeline: 'shop', cron: '@daily' })).toMatchObject({ cron: '0 0 * * *' });
  });

  it.each([
    [{ pipeline: 'shop', cron: 'often' }, 400, 'cron: expected five fields such as "0 * * * *", got "often"'],
    [{ pipeline: 'shop', cron: '0 0 * * * *' }, 400, 'got "0 0 * * * *": that is six; seconds are not known'],
    [{ pipeline: 'shop', cron: '0 0 30 2 *' }, 400, 'within 8 years'],
    [
      { pipeline: 'shop', timezone: 'Mars/X' },
      400,
      'timezone: expected an IANA name such as "Europe/Berlin", got "Mars/X"',
    ],
    [{ pipeline: 'shop', cron: 7 }, 400, 'cron: expected five fields'],
    [{ pipeline: 'shop', cron: null }, 400, 'cron: expected five fields'],
    [{ pipeline: 'shop', timezone: null }, 400, 'timezone: expected an IANA name'],
    [{ pipeline: null }, 400, 'pipeline: expected a name'],
    [{ pipeline: 'nope' }, 404, 'nope'],
  ])('refuses %j', async (request, status, says) => {
    const answer = await service.post('/schedule-job', request);
    expect(answer.status).toBe(status);
    expect(answer.body['detail']).toContain(says);
  });
});

describe('GET and DELETE /schedules/:pipeline', () => {
  it('shows one schedule as the list does', async () => {
    const { replaced: _, ...posted } = await schedule({ pipeline: 'shop', cron: DAILY });
    expect(posted).toMatchObject({ lastSlot: null, lastRunId: null, lastResult: null });
    expect(await scheduleOf('shop')).toEqual(posted);
    expect((await service.get<{ items: unknown[] }>('/schedules')).body.items).toEqual([posted]);
  });

  it('has none any more once it is deleted', async () => {
    expect((await service.call('DELETE', '/schedules/shop')).status).toBe(204);
    expect(app.app.get(SchedulerRegistry).doesExist('cron', 'schedule:shop')).toBe(false);
    expect((await service.get<{ items: unknown[] }>('/schedules')).body.items).toEqual([]);
    for (const method of ['GET', 'DELETE']) {
      expect(await service.call(method, '/schedules/shop')).toMatchObject({
        status: 404,
        body: { code: 'SCHEDULE_NOT_FOUND' },
      });
    }
  });
});

describe('a slot', () => {
  it('F4 after five slots without a process there is one run, which the next start adds', async () => {
    await service.upload(config('missed'));
    await schedule({ pipeline: 'missed', cron: DAILY });
    await missSlots('missed', 5);
    const other = await another();
    try {
      await until(async () => (await scheduled('missed')).length > 0);
      expect(cronJob(other, 'missed').cronTime.source).toBe(DAILY);
      await Promise.all([app, other].map((one) => cronJob(one, 'missed').fireOnTick()));
      const [run, ...more] = await scheduled('missed');
      expect(more).toEqual([]);
      expect(await slots('missed')).toEqual([SLOT.toISOString()]);
      expect(await scheduleOf('missed')).toMatchObject({
        lastSlot: SLOT.toISOString(),
        lastRunId: run!.id,
        lastResult: 'added',
      });
      expect(await service.ended(run!.id)).toMatchObject({ state: 'succeeded', configVersion: 1 });
    } finally {
      await other.close();
    }
  });

  it('F4 that came while the database was away is caught up', async () => {
    await schedule({ pipeline: 'stock', cron: DAILY });
    const lost = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    jest.spyOn(app.app.get(RunsService, { strict: false }), 'add').mockRejectedValueOnce(lost);
    await missSlots('stock', 1);
    await cronJob(app, 'stock').fireOnTick();
    const [run] = await until(async () => {
      const runs = await scheduled('stock');
      return runs.length > 0 && runs;
    });
    expect((await service.ended(run!.id)).state).toBe('succeeded');
    expect(await slots('stock')).toEqual([SLOT.toISOString()]);
    jest.restoreAllMocks();
  });

  it('F3 is skipped while the run before it goes on, which everybody is told', async () => {
    await service.upload(config('slow'));
    const pipeline = app.app.get(RunPipeline, { strict: false });
    const walk = pipeline.walk.bind(pipeline);
    const gate = Promise.withResolvers<void>();
    jest.spyOn(pipeline, 'walk').mockImplementation(async (...args) => {
      await gate.promise;
      return walk(...args);
    });
    const long = (await service.post<RunDto>('/trigger-job', { pipeline: 'slow' })).body;
    try {
      await until(async () => (await service.get<RunDto>(`/runs/${long.id}`)).body.state === 'running');
      await schedule({ pipeline: 'slow', cron: DAILY });
      await missSlots('slow', 1);
      await cronJob(app, 'slow').fireOnTick();
      expect(await scheduleOf('slow')).toMatchObject({
        lastSlot: SLOT.toISOString(),
        lastRunId: long.id,
        lastResult: `skipped: run ${long.id} was still running`,
      });
      const { body: log } = await service.get<string>(`/runs/${long.id}/log?format=text`);
      expect(log).toContain('skipped a slot of the schedule: this run was still open');
    } finally {
      gate.resolve();
    }
    expect((await service.ended(long.id)).state).toBe('succeeded');
    await cronJob(app, 'slow').fireOnTick();
    expect(await scheduled('slow')).toEqual([]);
    // The slot after that, which the run is no longer in the way of.
    await missSlots('slow', 1);
    await cronJob(app, 'slow').fireOnTick();
    expect(await scheduled('slow')).toHaveLength(1);
    expect((await scheduleOf('slow')).lastResult).toBe('added');
    jest.restoreAllMocks();
  });

  it('cannot have two runs in the table, whoever adds them', async () => {
    await service.upload(config('twice'));
    const runs = app.app.get(RunsService, { strict: false });
    const newRun = { pipeline: 'twice', configVersion: 1, trigger: 'schedule', slot: new Date() } as const;
    const add = () => runs.exclusively('twice', (manager) => runs.add(newRun, manager));
    const run = await add();
    await service.ended(run.id);
    await expect(add()).rejects.toThrow('runs_slot');
  });
});
