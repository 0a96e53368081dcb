import { join } from 'node:path';
import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions.js';
import { migrations } from './src/database/migrations.js';
import type { ServiceConnection } from './src/database/service-connection.js';

/**
 * What the server ends by itself, in milliseconds. It must come before `query_timeout`, which is for a server that is gone
 * without a word: there the driver gives up a statement that may go on, and its session is good for nothing.
 */
const serverLimits = {
  lock_timeout: 20_000,
  statement_timeout: 28_000,
  idle_in_transaction_session_timeout: 60_000,
};

/** How TypeORM reaches the service's own tables, the same for the service and for the migration commands. */
export function ormconfig(connection: ServiceConnection): PostgresDataSourceOptions {
  const { host, port, user, password, database, ssl } = connection;
  return {
    type: 'postgres',
    host,
    port,
    username: user,
    password,
    database,
    ssl,
    schema: 'millrace',
    applicationName: 'millrace',
    connectTimeoutMS: 10_000,
    poolSize: 10,
    extra: { ...serverLimits, query_timeout: 30_000, keepAlive: true },
    migrations,
    migrationsTableName: 'migrations',
    synchronize: false,
    logging: false,
  };
}

/** Files of the entities whose tables the migrations make; the loader's live in target databases. */
export const entityFiles = [
  join(import.meta.dirname, 'src/{config-history,extraction,extraction/api/*,jobs,jobs/*}/*.entity.{js,ts}'),
];
