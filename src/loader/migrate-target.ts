import { MigrationExecutor, type DataSource, type QueryRunner } from 'typeorm';
import { TerminalError } from '../errors.js';
import type { LoaderLimits } from './limits.js';

/**
 * Brings the loader's tables up to date, in one transaction and under a lock: processes that start at once wait for each
 * other, and one that is killed on the way leaves nothing.
 */
export async function migrateTarget(database: DataSource, limits: LoaderLimits): Promise<void> {
  const runner = database.createQueryRunner();
  try {
    await runner.startTransaction('READ COMMITTED');
    try {
      await runner.query(`SET LOCAL lock_timeout = ${limits.lockMs}`);
      await runner.query(`SELECT pg_advisory_xact_lock(hashtextextended('millrace target migrations', 0))`);
      await createSchema(runner);
      const executor = new MigrationExecutor(database, runner);
      executor.transaction = 'all';
      await executor.executePendingMigrations();
      await runner.commitTransaction();
    } catch (error) {
      await runner.rollbackTransaction().catch(() => undefined);
      throw error;
    }
  } finally {
    await runner.release();
  }
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
