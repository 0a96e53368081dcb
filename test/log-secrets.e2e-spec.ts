import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import type { RunDto } from '../src/jobs/run.dto.js';
import { countRows, query, Service, until } from './jobs-support.js';
import { type ServiceProcess, startServiceProcess } from './service-process.js';
import { createDatabase, type TestDatabase } from './support.js';

/** Each kind of text that no line may show begins with this. */
const CANARY = 'canary7531';
const role = `${CANARY}_role`;
const EVIL = 'x\n{"level":50,"msg":"forged"}\r\u001b[31m';

let database: TestDatabase;
let target: TestDatabase;
let folder: string;
let home: string;
let program: ServiceProcess;
let output = '';
let service: Service;

async function start(): Promise<void> {
  const { host, port, database: name } = target.connection;
  program = await startServiceProcess(folder, {
    DATABASE_URL: database.url,
    LOG_LEVEL: 'debug',
    MILLRACE_HOME: home,
    MILLRACE_DATA_ROOTS: join(folder, 'data'),
    TARGET_HOST: host,
    TARGET_PORT: String(port),
    TARGET_USER: role,
    TARGET_PASSWORD: `${CANARY}-password`,
    TARGET_NAME: name,
    TARGET_LOGIN: `${CANARY}-login`,
  });
  program.onOutput((chunk) => (output += chunk.toString()));
  service = new Service(program.url);
}

beforeAll(async () => {
  database = await createDatabase();
  target = await createDatabase();
  await query(target.url, `CREATE ROLE ${role} LOGIN SUPERUSER PASSWORD '${CANARY}-password'`);
  folder = await mkdtemp(join(tmpdir(), 'millrace-secrets-'));
  home = join(folder, 'home');
  await mkdir(join(folder, 'data'));
  await start();
});

afterAll(async () => {
  program.signal('SIGKILL');
  await program.exited;
  await query(database.url, `REASSIGN OWNED BY ${role} TO CURRENT_USER`);
  await target.drop();
  await query(database.url, `DROP ROLE ${role}`);
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

const toTarget = `
target:
  host: \${TARGET_HOST}
  port: \${TARGET_PORT}
  user: \${TARGET_USER}
  password: \${TARGET_PASSWORD}
  database: \${TARGET_NAME}
`;

async function run(pipeline: string, files: Record<string, string>, yaml: string): Promise<RunDto> {
  const path = join(folder, 'data', pipeline);
  await mkdir(path, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text);
  await service.upload(
    `pipeline: ${pipeline}\nmonitor: false\n${yaml}\nsources: [{ type: local, path: ${pipeline} }]`,
  );
  return service.run({ pipeline });
}

const rows = `id,note\n1,${CANARY}-row\n`;
const refused = `id\n1\n${CANARY}-reject\n`;
const typed = 'schema: { columns: { id: integer } }';

interface Meeting {
  name: string;
  /** What the run ends with; null when it succeeds. */
  code: string | null;
  files: Record<string, string>;
  yaml: string;
  /** Run on the target before; `$` is the table. */
  sql?: string;
}

/** A table whose trigger does something with each row. */
const withTrigger = (name: string, does: string) => `
  CREATE TABLE $ (id bigint, note text);
  CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN ${does}; RETURN NEW; END';
  CREATE TRIGGER ${name} BEFORE INSERT ON $ FOR EACH ROW EXECUTE FUNCTION ${name}()`;

/** Ways in which a run meets what must not be shown. */
const meetings = (
  [
    { name: 'rows that are loaded', code: null, files: { 'a.csv': rows }, yaml: toTarget },
    { name: 'rejects', code: null, files: { 'a.csv': refused }, yaml: `${toTarget}${typed}` },
    {
      name: 'too many rejects',
      code: 'TOO_MANY_REJECTS',
      files: { 'a.csv': refused },
      yaml: `${toTarget}${typed}\ncontract: { max_rejects: 0 }`,
    },
    {
      name: 'a file that is refused',
      code: null,
      files: { 'a.csv': `id,note\n1,"${CANARY}-unclosed\n` },
      yaml: toTarget,
    },
    {
      name: 'a document that is no JSON',
      code: null,
      files: { 'a.json': `[{"id": ${CANARY}-json}]` },
      yaml: toTarget,
    },
    {
      name: 'a constraint',
      code: null,
      files: { 'a.csv': rows },
      yaml: toTarget,
      sql: `CREATE TABLE $ (id bigint, note text UNIQUE); INSERT INTO $ VALUES (2, '${CANARY}-row')`,
    },
    {
      name: 'a value that the database refuses',
      code: 'TOO_MANY_REJECTS',
      files: { 'a.csv': rows },
      yaml: `${toTarget}contract: { invalid_rows: fail }`,
      sql: withTrigger('cast_note', 'PERFORM NEW.note::integer'),
    },
    {
      name: 'a trigger that speaks',
      code: null,
      files: { 'a.csv': rows },
      yaml: toTarget,
      sql: withTrigger('speak', `RAISE EXCEPTION ''got %'', NEW`),
    },
    {
      name: 'a login that is wrong',
      code: 'TARGET_LOGIN',
      files: { 'a.csv': rows },
      yaml: toTarget.replace(/_(USER|PASSWORD)\}/g, '_LOGIN}'),
    },
  ] as Meeting[]
).map((meeting, index) => ({ ...meeting, pipeline: `met_${index}` }));

describe('at LOG_LEVEL=debug no line shows a secret or a value of a row', () => {
  it.each(meetings)('of $name', async ({ pipeline, code, files, yaml, sql }) => {
    if (sql) await query(target.url, sql.replaceAll('$', pipeline));
    const ended = await run(pipeline, files, yaml);
    expect(ended.error?.code ?? null).toBe(code);
    for (const search of ['', '?format=text']) {
      const body = await service.logOf(ended.id, search);
      expect(body).toContain('run begins');
      expect(body).not.toContain(CANARY);
    }
  });

  it('though all of it was there', async () => {
    expect(await countRows(target.url, `met_0 WHERE note = '${CANARY}-row'`)).toBe(1);
    const [first] = (await service.get<{ items: RunDto[] }>('/runs?pipeline=met_1')).body.items;
    const rejects = await service.get<object>(`/runs/${first!.id}/rejects`);
    expect(JSON.stringify(rejects.body)).toContain(`${CANARY}-reject`);
  });

  it('on stdout and in all files, where each line is JSON', async () => {
    const files = await readdir(join(home, 'logs'));
    expect(files).toHaveLength(meetings.length);
    const texts = await Promise.all(files.map((file) => readFile(join(home, 'logs', file), 'utf8')));
    const all = [output, ...texts];
    expect(all[0]).toContain('run failed');
    for (const text of all) {
      expect(text).not.toContain(CANARY);
      for (const line of text.split('\n').slice(0, -1)) expect(() => JSON.parse(line)).not.toThrow();
    }
  });
});

describe('H13: a file name that would be a line of its own', () => {
  it('stays in the line that tells of it', async () => {
    const name = `${EVIL}.csv`;
    const yaml = 'schema: { columns: { id: integer } }\ncontract: { invalid_rows: fail }';
    await mkdir(join(folder, 'data', 'evil'));
    await symlink('/etc/passwd', join(folder, 'data', 'evil', `link ${name}`));
    const ended = await run('evil', { [name]: 'id\nx\n' }, yaml);
    expect(ended.state).toBe('failed');
    const body = await service.logOf(ended.id);
    const messages = body
      .split('\n')
      .slice(0, -1)
      .map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(messages).toEqual(expect.arrayContaining(['files were skipped', 'run failed']));
    expect(body).toContain('forged');
    expect(messages).not.toContain('forged');
    const text = await service.logOf(ended.id, '?format=text');
    expect(text).not.toMatch(/(?!\n)\p{Cc}/u);
    expect(text).not.toMatch(/^(?!\[\d{4}-|\s)./m);
  });
});

describe('a run whose process was killed', () => {
  it('goes on in the same file, and loses no line but the last', async () => {
    await query(database.url, 'CREATE TABLE killed (id bigint)');
    const session = new Client({ connectionString: database.url });
    await session.connect();
    await session.query('BEGIN; LOCK TABLE killed');
    await mkdir(join(folder, 'data', 'killed'));
    await writeFile(join(folder, 'data', 'killed', 'a.csv'), 'id\n1\n');
    await service.upload('pipeline: killed\nmonitor: false\nsources: [{ type: local, path: killed }]');
    const { body: begun } = await service.post<RunDto>('/trigger-job', { pipeline: 'killed' });
    await until(
      async () => (await service.get<RunDto>(`/runs/${begun.id}`)).body.streams[0]?.state === 'loading',
    );
    // The state is in the database before the line about it is on the disk.
    await until(async () => {
      const { status, body } = await service.get<string>(`/runs/${begun.id}/log`);
      return status === 200 && body.includes('"msg":"staged"');
    });
    program.signal('SIGKILL');
    await program.exited;
    await session.end();
    const [file = ''] = (await readdir(join(home, 'logs'))).filter((name) => name.includes(begun.id));
    await appendFile(join(home, 'logs', file), '{"level":30,"half');
    await start();
    expect((await service.ended(begun.id)).state).toBe('succeeded');
    const told = await until(async () => {
      const { body } = await service.get<string>(`/runs/${begun.id}/log`);
      const lines = body
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as { attempt: number; msg: string });
      return lines.at(-1)?.msg === 'run succeeded' && lines;
    });
    const first = told.filter(({ attempt }) => attempt === 1).map(({ msg }) => msg);
    expect(first).toEqual(['run begins', 'looked at the sources', 'landed', 'staged']);
    const second = told.filter(({ attempt }) => attempt === 2).map(({ msg }) => msg);
    expect(second).toEqual(expect.arrayContaining(['run begins', 'loaded', 'run succeeded']));
    expect((await readdir(join(home, 'logs'))).filter((name) => name.includes(begun.id))).toEqual([file]);
  });
});
