import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { findPostmaster } from '../../src/database/postmaster.js';
import { type Range, RangeSet } from './range-set.js';
import { isWrongSql } from './rows.js';
import type { SoakStream } from './streams.js';

const OWN_NAME = 'soak';

/** The service's embedded PostgreSQL as the soak sees it, through sessions of its own. */
export class SoakDatabase {
  private readonly folder: string;

  constructor(home: string) {
    this.folder = join(home, 'postgres');
  }

  /** @throws when PostgreSQL does not run at the moment */
  async query<T extends object>(sql: string, values: unknown[] = []): Promise<T[]> {
    const postmaster = await findPostmaster(join(this.folder, 'data'));
    if (!postmaster?.isReady) throw new Error('expected the embedded PostgreSQL to run, it does not');
    const password = (await readFile(join(this.folder, 'password'), 'utf8')).trim();
    const { port } = postmaster;
    const place = { host: '127.0.0.1', port, user: 'postgres', password, database: 'millrace' };
    const limits = { connectionTimeoutMillis: 10_000, query_timeout: 60_000 };
    const client = new Client({ ...place, ...limits, application_name: OWN_NAME });
    client.on('error', () => {});
    try {
      await client.connect();
      return (await client.query<T>(sql, values)).rows;
    } finally {
      await client.end().catch(() => {});
    }
  }

  /** Ids in a table; none while there is no table yet. */
  async ids({ table }: SoakStream): Promise<RangeSet> {
    if (!(await this.hasTable(table))) return new RangeSet();
    const rows = await this.query<{ from: string; to: string }>(
      `SELECT min(id) AS from, max(id) + 1 AS to
         FROM (SELECT id, id - row_number() OVER (ORDER BY id) AS island FROM (SELECT DISTINCT id FROM ${table}))
        GROUP BY island`,
    );
    return new RangeSet(rows.map(({ from, to }): Range => [Number(from), Number(to)]));
  }

  /** All rows, different ids, and rows whose values are not what was written. */
  async audit({ table }: SoakStream, extras: number): Promise<{ rows: number; ids: number; wrong: number }> {
    if (!(await this.hasTable(table))) return { rows: 0, ids: 0, wrong: 0 };
    const known = await this.query<{ name: string }>(
      `SELECT attname AS name FROM pg_attribute WHERE attrelid = to_regclass($1) AND attname LIKE 'extra%'`,
      [table],
    );
    const [row] = await this.query<{ rows: number; ids: number; wrong: number }>(
      `SELECT count(*)::int AS rows, count(DISTINCT id)::int AS ids,
              count(*) FILTER (WHERE ${isWrongSql(Math.min(extras, known.length))})::int AS wrong FROM ${table}`,
    );
    return row!;
  }

  /** Ends up to so many of the service's sessions, and says whose they were. */
  async terminate(most: number): Promise<string[]> {
    const rows = await this.query<{ name: string }>(
      `SELECT application_name AS name, pg_terminate_backend(pid) FROM (
         SELECT pid, application_name FROM pg_stat_activity
          WHERE datname = 'millrace' AND backend_type = 'client backend' AND application_name <> $1
          ORDER BY random() LIMIT $2)`,
      [OWN_NAME, most],
    );
    return rows.map(({ name }) => name);
  }

  async sessions(): Promise<number> {
    const [row] = await this.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM pg_stat_activity
        WHERE datname = 'millrace' AND backend_type = 'client backend' AND application_name <> $1`,
      [OWN_NAME],
    );
    return row!.count;
  }

  /** Rows that the ledger says were inserted into a table. */
  async ledgerInserted({ table }: SoakStream): Promise<number> {
    const sql = 'SELECT coalesce(sum(inserted), 0)::int AS count FROM millrace.loads WHERE table_name = $1';
    const [row] = await this.query<{ count: number }>(sql, [table]);
    return row!.count;
  }

  private async hasTable(table: string): Promise<boolean> {
    const [row] = await this.query<{ is: boolean }>('SELECT to_regclass($1) IS NOT NULL AS is', [table]);
    return row!.is;
  }
}
