import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  DataSource,
  type DataSourceOptions,
  EntitySchema,
  type MigrationInterface,
  type QueryRunner,
} from 'typeorm';
import { ormconfig } from '../ormconfig.js';
import { describeDifference, writeMigration } from '../src/database/migration-text.js';
import { migrations } from '../src/database/migrations.js';
import { openDataSource } from '../src/database/open-data-source.js';
import { ServiceConnection } from '../src/database/service-connection.js';
import { createApp, createDatabase, type TestApp } from './support.js';

describe('migrations', () => {
  let service: TestApp;
  let dataSource: DataSource;
  beforeAll(async () => {
    service = await createApp();
    dataSource = service.app.get(DataSource);
  });
  afterAll(() => service.close());

  it('make the tables that the entities describe', async () => {
    expect(await describeDifference(dataSource)).toEqual({ up: [], down: [] });
  });

  it('would be told from entities that have more', async () => {
    const probe = new EntitySchema<{ id: number }>({
      name: 'probe',
      schema: 'millrace',
      columns: { id: { type: 'integer', primary: true } },
    });
    const more = new DataSource({ ...dataSource.options, entities: [probe] } as DataSourceOptions);
    await more.initialize();
    const { up, down } = await describeDifference(more);
    await more.destroy();
    expect(up.join()).toContain('CREATE TABLE "millrace"."probe"');
    expect(down.join()).toContain('DROP TABLE "millrace"."probe"');
  });

  it('can all be taken back and run again', async () => {
    for (let left = migrations.length; left > 0; left--) await dataSource.undoLastMigration();
    expect(await tablesOf(dataSource)).toEqual(['migrations']);
    expect(await dataSource.runMigrations()).toHaveLength(migrations.length);
    expect(await describeDifference(dataSource)).toEqual({ up: [], down: [] });
  });
});

class Slow1700000000000 implements MigrationInterface {
  name = 'Slow1700000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('SELECT pg_sleep(6)');
    await runner.query('CREATE TABLE millrace.slow ()');
  }

  async down(): Promise<void> {}
}

describe('openDataSource', () => {
  it('lets one of four migrate while the others wait', async () => {
    const database = await createDatabase();
    const connection = new ServiceConnection({ ...database.connection, schema: 'public', ssl: false });
    const options = { ...ormconfig(connection), migrations: [Slow1700000000000] };
    const opened = await Promise.all(Array.from({ length: 4 }, () => openDataSource(options)));
    const rows = await opened[0]?.query('SELECT name FROM millrace.migrations');
    expect(rows).toEqual([{ name: 'Slow1700000000000' }]);
    await Promise.all(opened.map((dataSource) => dataSource.destroy()));
    await database.drop();
  });

  it('bounds every query but those of migrations', async () => {
    const database = await createDatabase();
    const connection = new ServiceConnection({ ...database.connection, schema: 'public', ssl: false });
    const options = ormconfig(connection);
    expect(options.extra).toMatchObject({ query_timeout: 30_000, keepAlive: true });
    const extra = { ...options.extra, query_timeout: 5_000, lock_timeout: 50, statement_timeout: 60_000 };
    const dataSource = await openDataSource({ ...options, extra, migrations: [Slow1700000000000] });
    await expect(dataSource.query('SELECT pg_sleep(60)')).rejects.toThrow('Query read timeout');
    await dataSource.destroy();
    await database.drop();
  });
});

describe('writeMigration', () => {
  it('writes a class whose statements survive as template text', () => {
    const difference = { up: ['COMMENT ON TABLE "a" IS `${x}\\n`'], down: ['SELECT 1'] };
    const { file, text } = writeMigration('add-owner', 1_700_000_000_009, difference);
    expect(file).toBe('src/database/migrations/1700000000009-add-owner.ts');
    expect(text).toContain('export class AddOwner1700000000009 implements MigrationInterface');
    expect(text).toContain('runner.query(`COMMENT ON TABLE "a" IS \\`\\${x}\\\\n\\``)');
  });

  it.each([undefined, '', 'AddOwner', '../x'])('refuses the name %s', (name) => {
    expect(() => writeMigration(name, 1, { up: [], down: [] })).toThrow('expected a kebab-case name');
  });
});

async function tablesOf(dataSource: DataSource): Promise<string[]> {
  const rows: { name: string }[] = await dataSource.query(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'millrace' ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}
