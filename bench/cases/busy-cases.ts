import type { Case, Contender, World } from '../case.js';
import { dropTables, firstLoad, freshName, pipelineYaml, timeRun, upload } from '../pipeline-job.js';
import { quantile } from '../statistics.js';
import { watchLatency } from '../watch-latency.js';

const STREAMS = 4;
const PIPELINES = 20;

/** Several things at once. */
export const busyCases: Case[] = [
  {
    name: 'streams',
    about: `one pipeline of ${STREAMS} tables, a quarter of the orders each`,
    open: async (world) => {
      const split = await world.inputs.splitOrders(STREAMS);
      const orders = await world.inputs.orders();
      return { copy: world.database.rawCopy(orders), job: manyStreams(world, split.path, split.rows) };
    },
  },
  {
    name: 'latency',
    about: 'GET /health and GET /runs while the orders are loaded',
    limits: { p99: 50 },
    open: async (world) => {
      const orders = await world.inputs.orders();
      const load = firstLoad(world, { path: orders.path, expected: { inserted: orders.rows } });
      return { copy: world.database.rawCopy(orders), job: watched(world, load) };
    },
  },
  {
    name: 'pipelines',
    about: `${PIPELINES} pipelines triggered at once, a hundredth of the orders each`,
    open: async (world) => {
      const orders = await world.inputs.orders();
      return { copy: world.database.rawCopy(orders), job: await manyPipelines(world) };
    },
  },
];

function manyStreams(world: World, folder: string, rows: number): Contender {
  let tables: string[] = [];
  return {
    name: 'streams',
    prepare: async () => {
      const pipeline = freshName('streams');
      tables = Array.from({ length: STREAMS }, (_, n) => `${pipeline}_${n}`);
      const streams = tables.map((table, n) => ({ table, path: folder, include: [`part-${n}.csv`] }));
      await upload(world, pipelineYaml(pipeline, streams));
      await world.database.forgetFiles();
      await world.database.query('CHECKPOINT');
      return () => timeRun(world, pipeline, { inserted: rows });
    },
    after: () => dropTables(world, tables),
  };
}

/** The same contender, asked for its health meanwhile. */
function watched(world: World, load: Contender): Contender {
  return {
    ...load,
    prepare: async () => {
      const time = await load.prepare();
      return async () => {
        const { result, waits } = await watchLatency(world.service.client.url, ['/health', '/runs'], time);
        const more = { p50: quantile(waits, 0.5), p99: quantile(waits, 0.99), max: quantile(waits, 1) };
        return { ...result, more };
      };
    },
  };
}

async function manyPipelines(world: World): Promise<Contender> {
  const { path, rows } = await world.inputs.moreOrders(0);
  let names: string[] = [];
  return {
    name: 'pipelines',
    prepare: async () => {
      names = Array.from({ length: PIPELINES }, () => freshName('many'));
      for (const name of names) await upload(world, pipelineYaml(name, [{ table: name, path }]));
      return async () => {
        const started = performance.now();
        const ends = await Promise.all(names.map((name) => timeRun(world, name, { inserted: rows })));
        const each = ends.map(({ ms }) => ms);
        const more = { first: quantile(each, 0), last: quantile(each, 1) };
        return { ms: performance.now() - started, more };
      };
    },
    after: () => dropTables(world, names),
  };
}
