import { join } from 'node:path';
import type { Peer } from './peer.js';

export const pandas: Peer = {
  name: 'pandas',
  about: 'pandas, a SHA-256 a row, and to_sql in chunks through SQLAlchemy',
  needsTable: false,
  probe: (python) => [python, '-c', 'import pandas, sqlalchemy, psycopg2'],
  command: async ({ input, python, table }) => [
    python,
    join(import.meta.dirname, 'pandas_load.py'),
    input.csv[0]!,
    table,
  ],
};
