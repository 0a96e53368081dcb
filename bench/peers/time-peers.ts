import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { BenchConnection } from '../bench-database.js';
import type { Contender, World } from '../case.js';
import { freshName } from '../pipeline-job.js';
import type { Report } from '../report.js';
import { takeTurns } from '../run-case.js';
import { dlt } from './dlt.js';
import { pandas } from './pandas.js';
import type { Peer } from './peer.js';
import { pgloader } from './pgloader.js';
import { psql } from './psql.js';
import { sling } from './sling.js';

/** One line a tool. */
const PEERS: readonly Peer[] = [psql, pgloader, pandas, dlt, sling];

/** Most of them take a minute for what COPY does in two seconds. */
const SLOW_TIMES = 1;

const execute = promisify(execFile);

/** Times the tools that are installed with the orders file, each in turns with raw COPY. */
export async function timePeers(world: World, log: (line: string) => void): Promise<Report['peers']> {
  const { peers, python, times } = world.options;
  const wanted = PEERS.filter(({ name }) => peers === null || peers.includes(name));
  const results: Report['peers'] = [];
  for (const peer of wanted) {
    log(`${peer.name}: ${peer.about}`);
    const skipped = await findOut(peer, python);
    if (skipped !== null) {
      results.push({ name: peer.name, skipped, ratio: null, timing: null, copy: null });
      continue;
    }
    const input = await world.inputs.orders();
    const contenders = [world.database.rawCopy(input), contender(peer, world)];
    try {
      const [copy, timing] = await takeTurns(contenders, peer === psql ? times : SLOW_TIMES, log);
      const ratio = timing!.medianMs / copy!.medianMs;
      results.push({ name: peer.about, skipped: null, ratio, timing: timing!, copy: copy! });
    } catch (error) {
      log(`${peer.name} failed: ${(error as Error).message}`);
      results.push({ name: peer.name, skipped: 'failed', ratio: null, timing: null, copy: null });
    }
  }
  return results;
}

async function findOut(peer: Peer, python: string): Promise<string | null> {
  const [program, ...args] = peer.probe(python);
  return execute(program!, args, { timeout: 60_000 }).then(
    () => null,
    () => 'not installed',
  );
}

function contender(peer: Peer, { database, inputs, options }: World): Contender {
  let table = '';
  let folder = '';
  const { connection } = database;
  const result = () => peer.result?.(table) ?? table;
  return {
    name: peer.name,
    prepare: async () => {
      const input = await inputs.orders();
      table = freshName('peer');
      folder = await mkdtemp(join(tmpdir(), 'millrace-bench-peer-'));
      if (peer.needsTable) await database.makeTable(table, input);
      const job = { input, connection, folder, python: options.python, table };
      const [program, ...args] = await peer.command(job);
      await database.query('CHECKPOINT');
      return async () => {
        const started = performance.now();
        await execute(program!, args, { cwd: folder, env: environment(connection, folder) });
        const ms = performance.now() - started;
        const [row] = await database.query<{ count: string }>(`SELECT count(*) FROM ${result()}`);
        if (Number(row!.count) === input.rows) return { ms };
        throw new Error(`${peer.name}: expected ${input.rows} rows, got ${row!.count}`);
      };
    },
    after: async () => {
      await database.query(`DROP TABLE IF EXISTS ${result()}`);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function environment(connection: BenchConnection, home: string): NodeJS.ProcessEnv {
  const { host, port, user, password, database } = connection;
  return {
    PATH: process.env['PATH'],
    HOME: home,
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGPASSWORD: password,
    PGDATABASE: database,
    BENCH_TARGET: `postgresql://${user}:${password}@${host}:${port}/${database}?sslmode=disable`,
  };
}
