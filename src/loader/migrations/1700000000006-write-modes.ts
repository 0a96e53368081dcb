import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What other write modes than `append` leave behind. */
export class WriteModes1700000000006 implements MigrationInterface {
  name = 'WriteModes1700000000006';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE millrace.loads
        ADD COLUMN deleted bigint NOT NULL DEFAULT 0, ADD COLUMN write_mode text NOT NULL DEFAULT 'append';
      ALTER TABLE millrace.loaded_tables ADD COLUMN write_mode text NOT NULL DEFAULT 'append'`);
    await runner.query(LOADED_FILES);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE millrace.loaded_files');
    await runner.query(`
      ALTER TABLE millrace.loaded_tables DROP COLUMN write_mode;
      ALTER TABLE millrace.loads DROP COLUMN write_mode, DROP COLUMN deleted`);
  }
}

const LOADED_FILES = `
  CREATE TABLE millrace.loaded_files (
    table_id integer NOT NULL,
    fingerprint text NOT NULL,
    CONSTRAINT loaded_files_pkey PRIMARY KEY (table_id, fingerprint)
  )`;
