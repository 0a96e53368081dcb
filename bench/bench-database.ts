import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Client, type QueryResultRow } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { Contender } from './case.js';
import type { TableInput } from './inputs/table-input.js';

const CHUNK = 1 << 20;

/** Where a service's embedded PostgreSQL listens, for the client that is compared with it. */
export async function embeddedConnection(home: string) {
  const folder = join(home, 'postgres');
  const lines = (await readFile(join(folder, 'data', 'postmaster.pid'), 'utf8')).split('\n');
  const password = (await readFile(join(folder, 'password'), 'utf8')).trim();
  return { host: '127.0.0.1', port: Number(lines[3]), user: 'postgres', password, database: 'millrace' };
}

export type BenchConnection = Awaited<ReturnType<typeof embeddedConnection>>;

/** The database that the service loads into, by a connection of the bench's own. */
export class BenchDatabase {
  private constructor(
    private readonly client: Client,
    readonly connection: BenchConnection,
  ) {}

  static async open(home: string): Promise<BenchDatabase> {
    const connection = await embeddedConnection(home);
    const client = new Client(connection);
    await client.connect();
    return new BenchDatabase(client, connection);
  }

  async query<Row extends QueryResultRow>(sql: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.client.query<Row>(sql, values)).rows;
  }

  /** The most that can be asked for: COPY of the file as it is into a bare table of the right types. */
  rawCopy(input: TableInput): Contender {
    return {
      name: 'raw COPY',
      prepare: async () => {
        await this.makeTable('raw_copy', input);
        await this.query('CHECKPOINT');
        return async () => {
          const started = performance.now();
          let bytes = 0;
          for (const path of input.csv) bytes += await this.copy('raw_copy', path);
          return { ms: performance.now() - started, rowBytes: bytes };
        };
      },
      after: async () => {
        await this.query('DROP TABLE raw_copy');
      },
    };
  }

  async makeTable(table: string, { columns }: TableInput): Promise<void> {
    const lines = columns.map(({ name, type }) => `${name} ${type}`);
    await this.query(`DROP TABLE IF EXISTS ${table}`);
    await this.query(`CREATE TABLE ${table} (${lines.join(', ')})`);
  }

  private async copy(table: string, path: string): Promise<number> {
    const target = this.client.query(copyFrom(`COPY ${table} FROM STDIN (FORMAT csv, HEADER)`));
    const source = createReadStream(path, { highWaterMark: CHUNK });
    await pipeline(source, target);
    return source.bytesRead;
  }

  /** Makes the service forget that it has read the files before, so that a first load is one. */
  async forgetFiles(): Promise<void> {
    await this.query('DELETE FROM millrace.file_looks');
  }

  async close(): Promise<void> {
    await this.client.end();
  }
}
