import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Peer } from './peer.js';

export const pgloader: Peer = {
  name: 'pgloader',
  about: 'pgloader into a bare typed table',
  needsTable: true,
  probe: () => ['pgloader', '--version'],
  command: async ({ input, connection, folder, table }) => {
    const { user, password, host, port, database } = connection;
    const columns = input.columns.map(({ name }) => name).join(', ');
    const script = join(folder, 'orders.load');
    await writeFile(
      script,
      `LOAD CSV FROM '${input.csv[0]}' (${columns})
         INTO postgresql://${user}:${password}@${host}:${port}/${database}
         TARGET TABLE public.${table} (${columns})
         WITH skip header = 1, fields terminated by ',', fields optionally enclosed by '"', fields escaped by double-quote;\n`,
    );
    return ['pgloader', '--quiet', script];
  },
};
