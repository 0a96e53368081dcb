import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import type { PlanDto } from '../src/jobs/plan/plan.dto.js';
import { type Answer, type Service, until } from './jobs-support.js';

/** Plans a YAML text, or a version that is stored, and waits until it is through, unless the headers prefer not to. */
export async function planOf(
  service: Service,
  wish: string | object,
  headers: Record<string, string> = {},
): Promise<Answer<PlanDto>> {
  const isYaml = typeof wish === 'string';
  const type = { 'content-type': isYaml ? 'application/yaml' : 'application/json', ...headers };
  const body = isYaml ? wish : JSON.stringify(wish);
  const first = await service.call<PlanDto>('POST', '/plan', { headers: type, body });
  const path = first.headers.get('location');
  if (first.status !== 202 || path === null || headers['prefer']) return first;
  // On a slow machine it takes longer than the service lets anybody wait.
  return until(async () => {
    const answer = await service.get<PlanDto>(path);
    return answer.body.state !== 'running' && answer;
  });
}

/** Tables that a plan may write to: its own, and what the service has learned of files and hosts. */
const OWN = ['plans', 'file_looks', 'api_rates'];

/** All that stands in a database, in text: its catalog, and the rows of every table. */
export async function dump(url: string): Promise<Record<string, unknown>> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const all: Record<string, unknown> = {};
    for (const [name, sql] of Object.entries(CATALOG)) all[name] = (await client.query(sql)).rows;
    const { rows: tables } = await client.query<{ schema: string; name: string }>(TABLES);
    for (const { schema, name } of tables) {
      if (schema === 'pgboss' || (schema === 'millrace' && OWN.includes(name))) continue;
      const { rows } = await client.query(`SELECT t::text FROM "${schema}"."${name}" t ORDER BY 1`);
      all[`${schema}.${name}`] = rows.map(({ t }) => t);
    }
    return all;
  } finally {
    await client.end();
  }
}

const OURS = `NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'pgboss') AND n.nspname !~ '^pg_(temp|toast_temp)'`;

const TABLES = `
  SELECT n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p') AND n.nspname ${OURS} ORDER BY 1, 2`;

const CATALOG = {
  schemas: `SELECT n.oid::text, n.nspname, n.nspacl::text FROM pg_namespace n WHERE n.nspname ${OURS} ORDER BY 1`,
  relations: `
    SELECT c.oid::text, n.nspname, c.relname, c.relkind, c.relfilenode::text, c.relacl::text
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname ${OURS} ORDER BY 1`,
  columns: `
    SELECT a.attrelid::text, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attisdropped
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname ${OURS} AND a.attnum > 0 ORDER BY 1, 2`,
  constraints: `
    SELECT o.oid::text, o.conname, pg_get_constraintdef(o.oid) FROM pg_constraint o
      JOIN pg_namespace n ON n.oid = o.connamespace WHERE n.nspname ${OURS} ORDER BY 1`,
  functions: `
    SELECT p.oid::text, p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE n.nspname ${OURS} ORDER BY 1`,
  triggers: 'SELECT oid::text, tgname FROM pg_trigger ORDER BY 1',
};

/** Every file and folder below, with its size and when it was written. */
export async function listing(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const lines = entries.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) return `${path}/`;
    const { size, mtimeMs } = await stat(path);
    return `${path} ${size} ${mtimeMs}`;
  });
  // What the columnar engine spills to is not the plan's.
  return (await Promise.all(lines)).filter((line) => !/\/(tmp|plans)\/?( |$)|\/tmp\//.test(line)).toSorted();
}
