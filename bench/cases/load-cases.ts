import type { Case, World } from '../case.js';
import type { Inputs } from '../inputs/inputs.js';
import { ORDER_COLUMNS } from '../inputs/orders.js';
import type { TableInput } from '../inputs/table-input.js';
import { firstLoad } from '../pipeline-job.js';

interface LoadCase extends Omit<Case, 'open'> {
  input: (inputs: Inputs) => Promise<TableInput>;
  /** Lines of YAML for the stream. */
  more?: string[];
}

/** Cases that load one input into a table that is not there yet. */
export const loadCases: Case[] = (
  [
    {
      name: 'first-load',
      about: 'first load of the orders, types inferred',
      target: { ratio: 2, to: 'copy' },
      input: (inputs) => inputs.orders(),
    },
    {
      name: 'declared',
      about: 'first load of the orders, types declared',
      target: { ratio: 2, to: 'copy' },
      input: (inputs) => inputs.orders(),
      more: orderSchema(),
    },
    {
      name: 'small-files',
      about: '10,000 files of 100 orders',
      target: { ratio: 4, to: 'copy' },
      atMostTimes: 5,
      input: (inputs) => inputs.splitOrders(Math.max(1, Math.floor(inputs.rows / 100))),
    },
    {
      name: 'json',
      about: 'the orders as one JSON array',
      target: { ratio: 2.5, to: 'copy' },
      input: (inputs) => inputs.jsonOrders('json'),
    },
    {
      name: 'ndjson',
      about: 'the orders as NDJSON',
      target: { ratio: 2.5, to: 'copy' },
      input: (inputs) => inputs.jsonOrders('ndjson'),
    },
    { name: 'parquet', about: 'the orders as Parquet', input: (inputs) => inputs.parquetOrders() },
    { name: 'csv-gz', about: 'the orders as CSV, gzipped', input: (inputs) => inputs.gzippedOrders() },
    { name: 'wide', about: 'a tenth of the rows, 100 columns', input: (inputs) => inputs.wide() },
    {
      name: 'long-texts',
      about: 'a fiftieth of the rows, 4 KB of text each',
      input: (inputs) => inputs.longTexts(),
    },
    {
      name: '10x',
      about: 'ten times the orders (1.1 GB)',
      target: { ratio: 2, to: 'copy' },
      limits: { rss: 400 },
      atMostTimes: 1,
      input: (inputs) => inputs.orders(inputs.rows * 10),
    },
    {
      name: '100x',
      about: 'a hundred times the orders (11 GB)',
      limits: { rss: 440 },
      atMostTimes: 1,
      onDemand: true,
      input: (inputs) => inputs.orders(inputs.rows * 100),
    },
  ] satisfies LoadCase[]
).map(toCase);

function toCase({ input, more, ...rest }: LoadCase): Case {
  return {
    ...rest,
    open: async (world: World) => {
      const rows = await input(world.inputs);
      const spec = { path: rows.path, expected: { inserted: rows.rows }, ...(more ? { more } : {}) };
      return { copy: world.database.rawCopy(rows), job: firstLoad(world, spec) };
    },
  };
}

/** The stream's `schema` with the types of the bare table. */
export function orderSchema(): string[] {
  return ['schema:', '  columns:', ...ORDER_COLUMNS.map(({ name, type }) => `    ${name}: ${type}`)];
}
