import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseSettings } from '../../settings/parse-settings.js';
import { startService } from '../../start-service.js';
import { checkRun, type Counts, printTable, type RunReport } from '../print-run.js';
import { ProgressBar } from '../progress-bar.js';
import { ServiceClient } from '../service-client.js';
import { CrmApi } from './crm-api.js';
import { makeCrmTables } from './crm-data.js';

const PROJECT = path.resolve(import.meta.dirname, '../../../..');
const CONFIG = path.join(PROJECT, 'examples/crm/crm.yaml');
const LOGIN = { apikey: 'example-anon-key', email: 'loader@example.com', password: 'example-password' };

const say = (text: string) => console.log(text);

/** Loads the worked example into an empty database, and once more, which must change nothing. */
async function example(home: string): Promise<void> {
  const api = new CrmApi(makeCrmTables(), LOGIN);
  const url = await api.start();
  say('Starting the API of the example, and Millrace with an embedded PostgreSQL …');
  const app = await startService(
    parseSettings({
      PORT: '0',
      LOG_LEVEL: 'error',
      MILLRACE_HOME: home,
      MILLRACE_DATA_ROOTS: PROJECT,
      MILLRACE_API_HOSTS: '127.0.0.1',
      API_URL: url,
      API_ANON_KEY: LOGIN.apikey,
      API_EMAIL: LOGIN.email,
      API_PASSWORD: LOGIN.password,
    }),
  );
  try {
    const client = new ServiceClient(await app.getUrl());
    await client.uploadConfig(await readFile(CONFIG, 'utf8'));
    say('Uploaded examples/crm/crm.yaml. First run, into an empty database:');
    await runAndPrint(client);
    say('Second run, nothing has changed:');
    checkNothingChanged(await runAndPrint(client));
  } finally {
    await app.close();
    await api.stop();
  }
}

async function runAndPrint(client: ServiceClient): Promise<RunReport> {
  const run = await client.run('crm', new ProgressBar(process.stdout));
  printTable(
    run.streams.flatMap(({ table, state, files, children = [], ...counts }) => [
      { table, state, files: files.length, ...pickCounts(counts) },
      ...children.map((child) => ({ table: child.table, state, files: '', ...pickCounts(child) })),
    ]),
  );
  checkRun(run);
  return run;
}

const pickCounts = ({ read, inserted, updated, duplicate, rejected }: Counts) => ({
  read,
  inserted,
  updated,
  duplicate,
  rejected,
});

function checkNothingChanged({ streams }: RunReport): void {
  const changed = streams.filter(({ inserted, updated }) => inserted + updated > 0);
  const names = changed.map(({ table }) => table).join(', ');
  if (changed.length > 0) throw new Error(`expected a second run without changes, got some in ${names}`);
}

const home = await mkdtemp(path.join(tmpdir(), 'millrace-example-'));
try {
  await example(home);
  say('Every row is where its foreign keys lead, and the second run changed nothing.');
} catch (error) {
  console.error(`The example failed: ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  await rm(home, { recursive: true, force: true });
}
