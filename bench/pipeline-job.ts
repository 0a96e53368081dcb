import type { RunDto } from '../src/jobs/run.dto.js';
import { CaseSkipped, type Contender, type Sample, type World } from './case.js';

/** What a run is expected to have done. */
export type Counts = Partial<
  Pick<RunDto['streams'][number], 'inserted' | 'updated' | 'duplicate' | 'rejected'>
>;

export interface StreamSpec {
  table: string;
  /** File or folder, relative to the data root. */
  path: string;
  include?: string[];
  /** Lines of YAML for the stream, e.g. `write: upsert`. */
  more?: string[];
}

let number = 0;

/** A name that no table and pipeline of this run of the bench has yet. */
export function freshName(word: string): string {
  number++;
  return `${word.replaceAll('-', '_')}_${number}`;
}

/** The YAML of a pipeline that is run by hand only. The combined CSV is switched on. */
export function pipelineYaml(pipeline: string, streams: StreamSpec[]): string {
  const lines = streams.flatMap(({ table, path, include, more = [] }) => [
    `  - table: ${table}`,
    `    output: ${table}.csv`,
    `    sources: [{ type: local, path: '${path}'${include ? `, include: [${include.join(', ')}]` : ''} }]`,
    ...more.map((line) => `    ${line}`),
  ]);
  return ['pipeline: ' + pipeline, 'monitor: false', 'streams:', ...lines, ''].join('\n');
}

/** Uploads a config. Throws `CaseSkipped` where the service does not know a key or value of it yet. */
export async function upload({ service }: World, yaml: string): Promise<void> {
  const { status, body } = await service.client.call<{ errors?: { message: string }[] }>(
    'POST',
    '/upload-config',
    {
      headers: { 'content-type': 'application/yaml' },
      body: yaml,
    },
  );
  if (status === 201) return;
  throw new CaseSkipped(`config refused: ${body.errors?.map(({ message }) => message).join('; ') ?? status}`);
}

/** Runs a pipeline, and throws unless it did what was expected. */
export async function timeRun({ service }: World, pipeline: string, expected: Counts): Promise<Sample> {
  const { run, ms } = await service.run(pipeline);
  for (const [key, count] of Object.entries(expected)) {
    const got = run.streams.reduce((sum, stream) => sum + stream[key as keyof Counts], 0);
    if (got !== count) throw new Error(`${pipeline}: expected ${count} ${key}, got ${got}`);
  }
  return { ms };
}

/** A pipeline and table of their own for each timing, and no file known. */
export function firstLoad(
  world: World,
  {
    name = 'first load',
    path,
    more,
    expected,
  }: Omit<StreamSpec, 'table'> & { name?: string; expected: Counts },
): Contender {
  let pipeline = '';
  return {
    name,
    prepare: async () => {
      pipeline = freshName('first');
      await upload(world, pipelineYaml(pipeline, [{ table: pipeline, path, ...(more ? { more } : {}) }]));
      await world.database.forgetFiles();
      await world.database.query('CHECKPOINT');
      return async () => ({
        ...(await timeRun(world, pipeline, expected)),
        rowBytes: await rowBytes(world, pipeline),
      });
    },
    after: () => dropTables(world, [pipeline]),
  };
}

/** Bytes of rows that the newest load of a pipeline sent, as its ledger has it. */
export async function rowBytes({ database }: World, pipeline: string): Promise<number> {
  const rows = await database.query<{ bytes: string }>(
    `SELECT coalesce(sum(row_bytes), 0) AS bytes FROM millrace.loads
      WHERE pipeline = $1 AND run_id = (SELECT run_id FROM millrace.loads WHERE pipeline = $1 ORDER BY committed_at DESC LIMIT 1)`,
    [pipeline],
  );
  return Number(rows[0]?.bytes ?? 0);
}

/** Throws tables away with all that is known of them, so that each timing meets a database of the same size. */
export async function dropTables({ database }: World, tables: string[]): Promise<void> {
  for (const table of tables) {
    await database.query(`DROP TABLE IF EXISTS "${table}"`);
    const ids = await database.query<{ id: number }>(
      'SELECT id FROM millrace.loaded_tables WHERE table_name = $1',
      [table],
    );
    for (const { id } of ids) await database.query(`DROP TABLE IF EXISTS millrace.loaded_row_hashes_${id}`);
  }
}
