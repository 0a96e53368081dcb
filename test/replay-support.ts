import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { Client } from 'pg';
import type { RejectDto } from '../src/jobs/rejects.dto.js';
import type { RunDto } from '../src/jobs/run.dto.js';
import { query, type Service, until } from './jobs-support.js';

export interface RejectPage {
  items: RejectDto[];
  nextCursor: string | null;
  total: number;
}

/** Writes files below a data root; a name may have folders. */
export async function writeFiles(root: string, files: Record<string, string | Buffer>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(root, name, '..'), { recursive: true });
    await writeFile(join(root, name), text);
  }
}

/** A config that reads the folder called like its pipeline. */
export function config(name: string, columns: Record<string, string>, more = ''): string {
  const lines = Object.entries(columns).map(([column, type]) => `    ${column}: ${type}`);
  return `
pipeline: ${name}
monitor: false
sources: [{ type: local, path: ${name} }]
schema:
  columns:
${lines.join('\n')}
${more}
`;
}

export const rejectsOf = async (service: Service, id: string, filter = ''): Promise<RejectPage> =>
  (await service.get<RejectPage>(`/runs/${id}/rejects?limit=100${filter}`)).body;

/** Replays a run's rejects and waits for the end. */
export async function replay(service: Service, id: string, body: object = {}): Promise<RunDto> {
  const answer = await service.post<RunDto>(`/runs/${id}/rejects/replay`, body);
  if (answer.status !== 202) throw new Error(`replay: ${JSON.stringify(answer.body)}`);
  expect(answer.headers.get('location')).toBe(`/runs/${answer.body.id}`);
  return service.ended(answer.body.id);
}

/** Holds for the run's streams and files, and against what the ledger has. */
export async function expectBalance(url: string, run: RunDto): Promise<void> {
  for (const stream of run.streams) {
    for (const { read, inserted, updated, duplicate, rejected } of [stream, ...stream.files]) {
      expect(read).toBe(inserted + updated + duplicate + rejected);
    }
    const sum = stream.files.reduce((total, { read }) => total + read, 0);
    expect(stream.read).toBe(sum);
  }
  const loads = await query<{ table: string; read: number }>(
    url,
    'SELECT table_name AS "table", read::int FROM millrace.loads WHERE run_id = $1',
    [run.id],
  );
  const loaded = run.streams.filter(({ state }) => state === 'succeeded');
  expect(new Map(loads.map(({ table, read }) => [table, read]))).toEqual(
    new Map(loaded.map(({ table, read }) => [table, read])),
  );
}

/** Another session that holds a run's rejects, so that a load which settles them waits. */
export async function holdRejects(
  url: string,
  runId: string,
): Promise<{ waiting(): Promise<void>; end(): Promise<void> }> {
  const holder = new Client({ connectionString: url });
  await holder.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT FROM millrace.rejects WHERE run_id = $1 FOR UPDATE', [runId]);
  const waits = `SELECT FROM pg_stat_activity WHERE datname = current_database()
                   AND wait_event_type = 'Lock' AND query LIKE '%millrace.rejects%'`;
  return {
    waiting: async () => {
      await until(async () => (await holder.query(waits)).rowCount === 1);
    },
    end: () => holder.end(),
  };
}
