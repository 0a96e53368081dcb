import { writeFile } from 'node:fs/promises';
import { DataSource } from 'typeorm';
import { entityFiles, ormconfig } from '../../ormconfig.js';
import { loadSettings } from '../settings/load-settings.js';
import { migrationsLock, withLock } from './advisory-lock.js';
import { describeDifference, writeMigration } from './migration-text.js';
import { createSchema, forMigrations, migrate, toClientConfig } from './open-data-source.js';
import { ServiceDatabase } from './service-database.js';

type Command = (dataSource: DataSource, argument: string | undefined) => Promise<string>;

/** The commands behind `npm run migration:…`; each returns what it has to say. */
const commands: Record<string, Command> = {
  async run(dataSource) {
    const ran = await migrate(dataSource);
    return ran.length > 0 ? `ran ${ran.join(', ')}` : 'nothing to run';
  },
  async revert(dataSource) {
    const [last] = await dataSource.query(
      'SELECT name FROM "millrace"."migrations" ORDER BY timestamp DESC, id DESC LIMIT 1',
    );
    if (!last) return 'nothing to revert';
    await dataSource.undoLastMigration({ transaction: 'each' });
    return `reverted ${last.name}`;
  },
  async check(dataSource) {
    await migrate(dataSource);
    const difference = await describeDifference(dataSource);
    if (difference.up.length === 0) return 'entities and migrations agree';
    throw new Error(`entities and migrations disagree; missing:\n${difference.up.join(';\n')}`);
  },
  async generate(dataSource, name) {
    await migrate(dataSource);
    const difference = await describeDifference(dataSource);
    if (difference.up.length === 0) return 'entities and migrations agree: nothing to generate';
    const { file, text } = writeMigration(name, Date.now(), difference);
    await writeFile(file, text, { flag: 'wx' });
    return `wrote ${file}; format it, and add its class to src/database/migrations.ts`;
  },
};

async function main([name = '', argument]: string[]): Promise<string> {
  const command = commands[name];
  if (!command) throw new Error(`expected one of ${Object.keys(commands).join(', ')}, got "${name}"`);
  const database = new ServiceDatabase(loadSettings());
  try {
    const options = forMigrations({ ...ormconfig(await database.connect()), entities: entityFiles });
    return await withLock(toClientConfig(options), migrationsLock, async () => {
      const dataSource = await new DataSource(options).initialize();
      try {
        await createSchema(dataSource);
        return await command(dataSource, argument);
      } finally {
        await dataSource.destroy();
      }
    });
  } finally {
    await database.onApplicationShutdown();
  }
}

try {
  process.stdout.write(`${await main(process.argv.slice(2))}\n`);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
