import type { Peer } from './peer.js';

export const sling: Peer = {
  name: 'sling',
  about: 'Sling, file to table, full refresh',
  needsTable: false,
  probe: () => ['sling', '--version'],
  command: async ({ input, table }) => [
    'sling',
    'run',
    '--src-stream',
    `file://${input.csv[0]}`,
    '--tgt-conn',
    'BENCH_TARGET',
    '--tgt-object',
    `public.${table}`,
    '--mode',
    'full-refresh',
  ],
};
