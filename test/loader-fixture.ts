import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Test } from '@nestjs/testing';
import { Client } from 'pg';
import { DEFAULT_LIMITS, type LoaderLimits } from '../src/loader/limits.js';
import type { LoadRequest, LoadResult, Target } from '../src/loader/load.js';
import { LoaderModule } from '../src/loader/loader.module.js';
import { LoaderService } from '../src/loader/loader.service.js';
import { LOADER_LIMITS } from '../src/loader/target-databases.js';
import type { StageColumn } from '../src/schema/stage.js';
import { makeStage, type MadeFile, type Row, type StagePlan } from './make-stage.js';
import { until } from './jobs-support.js';
import { createDatabase } from './support.js';

export type LoadPlan = Partial<Omit<LoadRequest, 'stage'>> &
  Partial<Omit<StagePlan, 'folder'>> & { rows?: Row[] };

export interface LoaderFixture {
  service: LoaderService;
  target: Target;
  folder: string;
  /** Loads rows of the columns `id bigint, name text` into `people`, unless told otherwise. */
  load(plan: LoadPlan): Promise<LoadResult>;
  /** Runs statements on a connection of its own. */
  sql(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  /** Does something while another session's transaction has run the statements, which is then rolled back. */
  during<T>(text: string, work: (holder: Client) => Promise<T>): Promise<T>;
  /** Asks again and again until the answer's first row is true in its first column. */
  until(text: string): Promise<void>;
  /** A second service beside the first, as another process would be. */
  another(limits?: Partial<LoaderLimits>): Promise<LoaderFixture>;
  close(): Promise<void>;
}

export const PEOPLE: StageColumn[] = [
  { name: 'id', type: { name: 'bigint' }, required: false },
  { name: 'name', type: { name: 'text' }, required: false },
];

/** A loader on a database of its own. */
export async function createLoaderFixture(limits: Partial<LoaderLimits> = {}): Promise<LoaderFixture> {
  const database = await createDatabase();
  const target: Target = { ...database.connection, schema: 'public', ssl: false };
  const fixture = await attach(target, limits);
  return {
    ...fixture,
    close: async () => {
      await fixture.close();
      await database.drop();
    },
  };
}

async function attach(target: Target, limits: Partial<LoaderLimits>): Promise<LoaderFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-loader-'));
  const module = await Test.createTestingModule({ imports: [LoaderModule] })
    .overrideProvider(LOADER_LIMITS)
    .useValue({ ...DEFAULT_LIMITS, ...limits })
    .compile();
  const service = module.get(LoaderService);
  const { host, port, user, password, database } = target;
  const client = new Client({ host, port, user, password, database });
  client.on('error', () => undefined);
  await client.connect();
  // The user's own schema would come first, and the service's user may be called like the service's schema.
  await client.query(`SET search_path = public; SET TimeZone = 'UTC'`);
  const sql = async (text: string, values?: unknown[]) => {
    const result = await client.query<Record<string, unknown>>(text, values);
    return result.rows ?? [];
  };
  const during = async <T>(text: string, work: (holder: Client) => Promise<T>) => {
    const holder = new Client({ host, port, user, password, database });
    await holder.connect();
    try {
      await holder.query(`BEGIN; SET LOCAL search_path = public; ${text}`);
      return await work(holder);
    } finally {
      await holder.end();
    }
  };
  const open: LoaderFixture[] = [];
  return {
    service,
    target,
    folder,
    sql,
    during,
    until: async (text) => {
      await until(async () => Object.values((await sql(text))[0] ?? {})[0]);
    },
    load: async (plan) => service.load(await request(plan, { target, folder })),
    another: async (other = limits) => {
      const fixture = await attach(target, other);
      open.push(fixture);
      return fixture;
    },
    close: async () => {
      for (const fixture of open) await fixture.close();
      await module.close();
      await client.end();
      await rm(folder, { recursive: true });
    },
  };
}

async function request(plan: LoadPlan, place: { target: Target; folder: string }): Promise<LoadRequest> {
  const { rows, columns = PEOPLE, files, duplicates, betweenChunks, rowsAtOnce, keepsPlaces, ...rest } = plan;
  const made: MadeFile[] = files ?? [{ name: 'people.csv', rows: rows ?? [] }];
  const pace = {
    ...(duplicates && { duplicates }),
    ...(betweenChunks ? { betweenChunks } : {}),
    ...(rowsAtOnce ? { rowsAtOnce } : {}),
    ...(keepsPlaces !== undefined ? { keepsPlaces } : {}),
  };
  return {
    runId: randomUUID(),
    attempt: 1,
    pipeline: 'shop',
    configVersion: 1,
    table: 'people',
    signature: 'signature',
    addColumns: true,
    write: { mode: 'append' },
    ...place,
    ...rest,
    stage: await makeStage({ columns, files: made, folder: place.folder, ...pace }),
  };
}

/** What the work fails with. */
export async function failureOf(work: Promise<unknown>): Promise<Error & { code?: string }> {
  try {
    await work;
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected a failure, got none');
}

/** Rows whose names must appear in no message. */
export const SECRETS = Array.from({ length: 200 }, (_, id) => [String(id), `secret-${id}`]);
