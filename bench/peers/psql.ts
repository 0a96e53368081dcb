import type { Peer } from './peer.js';

export const psql: Peer = {
  name: 'psql',
  about: 'psql \\copy into a bare typed table',
  needsTable: true,
  probe: () => ['psql', '--version'],
  command: async ({ input, table }) => [
    'psql',
    '--no-psqlrc',
    '--quiet',
    '--set=ON_ERROR_STOP=1',
    '--command',
    `\\copy ${table} from '${input.csv[0]}' with (format csv, header)`,
  ],
};
