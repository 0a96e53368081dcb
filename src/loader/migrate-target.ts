import { MigrationExecutor, type DataSource, type QueryRunner } from 'typeorm';
import { TerminalError } from '../errors.js';
import type { LoaderLimits } from './limits.js';
import type { Session } from './session.js';

/**
 * Brings the loader's tables up to date, in one transaction and under a lock: processes that start at once wait for each
 * other, and one that is killed on the way leaves nothing.
 */
export async function migrateTarget(database: DataSource, limits: LoaderLimits): Promise<void> {
  const runner = database.createQueryRunner();
  try {
    await runner.startTransaction('READ COMMITTED');
    try {
      await bringUpToDate(database, runner, { limits, transaction: 'all' });
      await runner.commitTransaction();
    } catch (error) {
      await runner.rollbackTransaction().catch(() => undefined);
      throw error;
    }
  } finally {
    await runner.release();
  }
}

/** The same inside a transaction that somebody else began and will undo; takes no lock where nothing is to be done. */
export async function migrateWithin(
  database: DataSource,
  { manager: { queryRunner } }: Session,
  limits: LoaderLimits,
): Promise<void> {
  if (!queryRunner || (await isUpToDate(database, queryRunner))) return;
  await bringUpToDate(database, queryRunner, { limits, transaction: 'none' });
}

async function bringUpToDate(
  database: DataSource,
  runner: QueryRunner,
  { limits, transaction }: { limits: LoaderLimits; transaction: 'all' | 'none' },
): Promise<void> {
  await runner.query(`SET LOCAL lock_timeout = ${limits.lockMs}`);
  await runner.query(`SELECT pg_advisory_xact_lock(hashtextextended('millrace target migrations', 0))`);
  await createSchema(runner);
  const executor = new MigrationExecutor(database, runner);
  executor.transaction = transaction;
  await executor.executePendingMigrations();
}

async function isUpToDate(database: DataSource, runner: QueryRunner): Promise<boolean> {
  const [table] = await runner.query(
    `SELECT to_regclass('millrace.target_migrations') IS NOT NULL AS "isThere"`,
  );
  if (!table.isThere) return false;
  const done = await runner.query('SELECT name FROM millrace.target_migrations');
  const names = new Set((done as { name: string }[]).map(({ name }) => name));
  return database.migrations.every(({ name }) => names.has(name ?? ''));
}

async function createSchema(runner: QueryRunner): Promise<void> {
  // IF NOT EXISTS would ask for the permission to create even where the schema is there.
  const [found] = await runner.query(
    `SELECT current_user AS role, current_database() AS database,
            EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'millrace') AS "hasSchema",
            has_database_privilege(current_database(), 'CREATE') AS "mayCreate"`,
  );
  if (found.hasSchema) return;
  if (!found.mayCreate) {
    throw new TerminalError(
      'TARGET_PERMISSION',
      `database ${found.database}: expected that the role ${found.role} may create the schema millrace, got no CREATE permission. ` +
        `Either GRANT CREATE ON DATABASE to it, or CREATE SCHEMA millrace AUTHORIZATION it`,
    );
  }
  await runner.query('CREATE SCHEMA millrace');
}
