import { join } from 'node:path';
import type { Peer } from './peer.js';

export const dlt: Peer = {
  name: 'dlt',
  about: 'dlt, pages of a DataFrame into its postgres destination',
  needsTable: false,
  probe: (python) => [python, '-c', 'import dlt, pandas, psycopg2, pyarrow'],
  command: async ({ input, connection, folder, python, table }) => {
    const { user, password, host, port, database } = connection;
    const url = `postgresql://${user}:${password}@${host}:${port}/${database}`;
    return [python, join(import.meta.dirname, 'dlt_load.py'), input.csv[0]!, table, url, folder];
  },
  result: (table) => `bench_dlt.${table}`,
};
