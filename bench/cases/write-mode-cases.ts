import type { Case, World } from '../case.js';
import type { TableInput } from '../inputs/table-input.js';
import { type Counts, freshName, pipelineYaml, rowBytes, timeRun, upload } from '../pipeline-job.js';

/** The other write modes, each on a table that holds the orders already. */
export const writeModeCases: Case[] = [
  writeMode('upsert', {
    about: 'upsert by order_id, 1 % of the rows changed',
    more: ['write: upsert', 'key: [order_id]'],
    counts: ({ rows }, n) => {
      const updated = Math.ceil((rows - (n % 100)) / 100);
      // Those of the edition before are back to what they were.
      return { updated: n === 0 ? updated : 2 * updated, inserted: 0 };
    },
  }),
  writeMode('replace', {
    about: 'replace all rows, 1 % of them changed',
    more: ['write: replace'],
    counts: () => ({ rejected: 0 }),
  }),
];

interface Mode {
  about: string;
  /** Lines of YAML for the stream. */
  more: string[];
  counts: (changed: TableInput, n: number) => Counts;
}

function writeMode(name: string, { about, more, counts }: Mode): Case {
  return {
    name,
    about,
    open: async (world) => {
      const table = freshName(name);
      const use = (input: TableInput) =>
        upload(world, pipelineYaml(table, [{ table, path: input.path, more }]));
      const orders = await world.inputs.orders();
      await use(orders);
      for (let n = 0; n < world.options.times; n++) await world.inputs.changedOrders(n);
      await world.inputs.settle();
      await timeRun(world, table, { inserted: orders.rows });
      let n = 0;
      const job = {
        name: about,
        prepare: async () => {
          const changed = await world.inputs.changedOrders(n);
          const expected = counts(changed, n++);
          await use(changed);
          await world.database.query('CHECKPOINT');
          return () => timed(world, table, expected);
        },
      };
      return { copy: world.database.rawCopy(orders), job };
    },
  };
}

async function timed(world: World, pipeline: string, expected: Counts) {
  const sample = await timeRun(world, pipeline, expected);
  return { ...sample, rowBytes: await rowBytes(world, pipeline) };
}
