import { basename, dirname } from 'node:path';
import type { Case, Contender, Sample, World } from '../case.js';
import type { TableInput } from '../inputs/table-input.js';
import { type Counts, freshName, pipelineYaml, rowBytes, timeRun, upload } from '../pipeline-job.js';

/** A table that is loaded already, and what came since. */
interface AgainCase extends Omit<Case, 'open'> {
  /** The files of the next run, all in one folder, and what it is to count. */
  next: (world: World, orders: TableInput, n: number) => Promise<Next>;
}

interface Next {
  files: TableInput[];
  expected: Counts;
}

export const againCases: Case[] = (
  [
    {
      name: 'unchanged',
      about: 'the same file again',
      target: { ratio: 0.05, to: 'copy' },
      next: async (_world, orders) => ({ files: [orders], expected: { inserted: 0 } }),
    },
    {
      name: 'new-file',
      about: '1 % new rows in a new file beside the big one',
      target: { ratio: 0.1, to: 'copy' },
      next: async ({ inputs }, orders, n) => {
        const earlier = await Promise.all(Array.from({ length: n }, (_, at) => inputs.moreOrders(at)));
        const more = await inputs.moreOrders(n);
        const inserted = more.rows;
        return { files: [orders, ...earlier, more], expected: { inserted } };
      },
    },
    {
      name: 'changed-rows',
      about: '1 % of the rows changed inside the big file',
      target: { ratio: 0.8, to: 'copy' },
      next: async ({ inputs }, _orders, n) => {
        const changed = await inputs.changedOrders(n);
        const inserted = Math.ceil((changed.rows - (n % 100)) / 100);
        return { files: [changed], expected: { inserted, duplicate: changed.rows - inserted } };
      },
    },
    {
      name: 'renamed',
      about: 'a copy of the big file under another name',
      next: async ({ inputs }, orders, n) => {
        const copies = await Promise.all(Array.from({ length: n + 1 }, (_, at) => inputs.copiedOrders(at)));
        return { files: [orders, ...copies], expected: { inserted: 0 } };
      },
    },
  ] satisfies AgainCase[]
).map(toCase);

function toCase({ next, ...rest }: AgainCase): Case {
  return {
    ...rest,
    open: async (world) => {
      const orders = await world.inputs.orders();
      const pipeline = freshName(rest.name);
      await uploadFiles(world, pipeline, [orders]);
      for (let n = 0; n < world.options.times; n++) await next(world, orders, n);
      await world.inputs.settle();
      await timeRun(world, pipeline, { inserted: orders.rows });
      let n = 0;
      const job: Contender = {
        name: rest.about,
        prepare: async () => {
          const { files, expected } = await next(world, orders, n++);
          await uploadFiles(world, pipeline, files);
          await world.database.query('CHECKPOINT');
          return async (): Promise<Sample> => {
            const sample = await timeRun(world, pipeline, expected);
            return { ...sample, rowBytes: expected.inserted ? await rowBytes(world, pipeline) : 0 };
          };
        },
      };
      return { copy: world.database.rawCopy(orders), job };
    },
  };
}

/** The files lie still since before the bench began: the config says which of them belong to the source now. */
async function uploadFiles(world: World, pipeline: string, files: TableInput[]): Promise<void> {
  const include = files.map(({ path }) => basename(path));
  await upload(world, pipelineYaml(pipeline, [{ table: pipeline, path: dirname(files[0]!.path), include }]));
}
