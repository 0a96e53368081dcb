import { appendFile, copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { ServiceConnection } from '../database/service-connection.js';
import { parseSettings } from '../settings/parse-settings.js';
import { startService } from '../start-service.js';
import { checkRun, printRun, printTable, type RunReport } from './print-run.js';
import { ProgressBar } from './progress-bar.js';
import { ServiceClient } from './service-client.js';

const PROJECT = path.resolve(import.meta.dirname, '../../..');
const DATA = path.join(PROJECT, 'node_modules/vega-datasets/data');
const CONFIG = path.join(PROJECT, 'examples/vega.yaml');
const FIRST = [
  'flights-2k.json',
  'flights-5k.json',
  'seattle-weather.csv',
  'weather.csv',
  'stocks.csv',
  'unemployment.tsv',
  'movies.json',
];
const NEW_FILE = 'flights-10k.json';
const NEW_ROW = 'Seattle,2016-01-01,0.5,7.2,1.1,3.4,drizzle\n';

const say = (text: string) => console.log(text);

/** The main job on real files, in a home of its own that goes when it ends. */
async function demo(home: string): Promise<void> {
  const inbox = path.join(home, 'data', 'inbox');
  await mkdir(inbox, { recursive: true });
  const take = (file: string) => copyFile(path.join(DATA, file), path.join(inbox, file));
  for (const file of FIRST) await take(file);

  say('Starting Millrace with an embedded PostgreSQL …');
  const app = await startService(
    parseSettings({
      PORT: '0',
      LOG_LEVEL: 'error',
      MILLRACE_HOME: path.join(home, 'home'),
      MILLRACE_DATA_ROOTS: path.join(home, 'data'),
    }),
  );
  try {
    const client = new ServiceClient(await app.getUrl());
    const version = await client.uploadConfig(await readFile(CONFIG, 'utf8'));
    say(`Uploaded examples/vega.yaml: config version ${version} of pipeline vega.\n`);

    say(`First run: ${FIRST.length} files.`);
    const first = await runAndPrint(client);

    await appendFile(path.join(inbox, 'weather.csv'), NEW_ROW);
    await take(NEW_FILE);
    say(`Second run: one row appended to weather.csv, and ${NEW_FILE} is new.`);
    const second = await runAndPrint(client);

    await showTables(app.get(ServiceConnection), [first, second]);
  } finally {
    await app.close();
  }
}

async function runAndPrint(client: ServiceClient): Promise<RunReport> {
  const run = await client.run('vega', new ProgressBar(process.stdout));
  printRun(run);
  checkRun(run);
  return run;
}

/** What PostgreSQL holds, and that it holds exactly what the runs say. */
async function showTables(connection: ServiceConnection, runs: RunReport[]): Promise<void> {
  const { host, port, user, password, database } = connection;
  const client = new Client({ host, port, user, password, database });
  await client.connect();
  try {
    for (const { table } of runs[0]!.streams) {
      const { rows } = await client.query<{ n: string }>(`SELECT count(*) AS n FROM public.${table}`);
      const found = Number(rows[0]!.n);
      const inserted = runs.flatMap((run) => run.streams).filter((stream) => stream.table === table);
      const expected = inserted.reduce((sum, stream) => sum + stream.inserted, 0);
      if (found !== expected)
        throw new Error(`${table}: the runs inserted ${expected} rows, the table has ${found}`);
    }
    await showTable(client, 'weather');
    await showTable(client, 'flights');
  } finally {
    await client.end();
  }
}

async function showTable(client: Client, table: string): Promise<void> {
  const columns = await client.query<{ name: string; type: string }>(
    `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [table],
  );
  const texts = columns.rows.map(({ name }) => `${client.escapeIdentifier(name)}::text`);
  const { rows } = await client.query<Record<string, unknown>>(
    `SELECT ${texts.join(', ')} FROM ${table} LIMIT 3`,
  );
  say(`Table ${table} in PostgreSQL, types and first rows:`);
  printTable([Object.fromEntries(columns.rows.map(({ name, type }) => [name, type])), ...rows]);
}

const home = await mkdtemp(path.join(tmpdir(), 'millrace-demo-'));
const started = performance.now();
try {
  await demo(home);
  say(
    `Every count balances and matches the tables. Done in ${((performance.now() - started) / 1000).toFixed(1)} s.`,
  );
} catch (error) {
  console.error(`The demo failed: ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  await rm(home, { recursive: true, force: true });
}
