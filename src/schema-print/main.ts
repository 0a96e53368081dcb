import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readEnvironment } from '../settings/load-settings.js';
import { parseSettings } from '../settings/parse-settings.js';
import { startService } from '../start-service.js';
import { moveTarget } from './move-target.js';

/** What the answer of `POST /plan` says here. */
interface Plan {
  streams?: { table: string; ddl: string[]; error: { message: string } | null }[];
  detail?: string;
  errors?: { path: string; line?: number; column?: number; message: string }[];
}

const tell = (text: string) => void process.stderr.write(`${text}\n`);

/**
 * Prints the DDL that a config needs on an empty database: plans it against an embedded PostgreSQL that goes again, with
 * the code that a run would use. The config's own target is not connected to.
 * @returns whether all of it is known
 */
async function printSchema(config: string, home: string): Promise<boolean> {
  const yaml = moveTarget(config);
  const kept = Object.entries(readEnvironment()).filter(
    ([name]) => !/^(DATABASE_URL|DB_(?!SCHEMA$).*)$/.test(name),
  );
  const own = { HOST: '127.0.0.1', PORT: '0', API_KEY: '', LOG_LEVEL: 'error', MILLRACE_HOME: home };
  const app = await startService(parseSettings({ ...Object.fromEntries(kept), ...own }));
  try {
    const response = await fetch(`${await app.getUrl()}/plan`, {
      method: 'POST',
      headers: { 'content-type': 'application/yaml' },
      body: yaml,
    });
    return print((await response.json()) as Plan);
  } finally {
    await app.close();
  }
}

function print({ streams, detail, errors = [] }: Plan): boolean {
  for (const { line, column, message } of errors) tell(`${line ?? ''}:${column ?? ''} ${message}`);
  if (!streams) {
    tell(detail ?? 'expected a plan of the config, got none');
    return false;
  }
  for (const { ddl } of streams) for (const statement of ddl) process.stdout.write(`${statement};\n`);
  const failed = streams.filter(({ error }) => error !== null);
  for (const { table, error } of failed) tell(`${table}: ${error?.message}`);
  return failed.length === 0;
}

/** null: it cannot be read, which was told. */
async function readConfig(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    tell(`expected the file of a config, got ${file}: ${(error as Error).message}`);
    return null;
  }
}

const [file] = process.argv.slice(2);
if (file === undefined) {
  tell('usage: npm run schema:print -- <config.yaml>');
  process.exitCode = 2;
} else {
  const config = await readConfig(file);
  const home = await mkdtemp(path.join(tmpdir(), 'millrace-schema-'));
  try {
    if (config === null || !(await printSchema(config, home))) process.exitCode = 1;
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
