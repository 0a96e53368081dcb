import type { Case } from '../case.js';
import { firstLoad } from '../pipeline-job.js';
import { orderSchema } from './load-cases.js';

/** Records that do not fit, against the same load without any. */
export const rejectCases: Case[] = [rejects(1, { target: { ratio: 1.15, to: 'clean' } }), rejects(50, {})];

function rejects(inHundred: number, more: Pick<Case, 'target'>): Case {
  return {
    ...more,
    name: `rejects-${inHundred}`,
    about: `${inHundred} % of the records do not fit the declared types`,
    open: async (world) => {
      const orders = await world.inputs.orders();
      const bad = await world.inputs.badOrders(inHundred);
      const rejected = Math.floor((bad.rows * inHundred) / 100);
      const schema = orderSchema();
      const expected = { inserted: bad.rows - rejected, rejected };
      return {
        copy: world.database.rawCopy(orders),
        others: [
          firstLoad(world, {
            name: 'clean',
            path: orders.path,
            more: schema,
            expected: { inserted: orders.rows },
          }),
        ],
        job: firstLoad(world, { path: bad.path, more: schema, expected }),
      };
    },
  };
}
