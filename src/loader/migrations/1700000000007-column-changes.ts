import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What loads have changed about columns, and which types widened columns had. */
export class ColumnChanges1700000000007 implements MigrationInterface {
  name = 'ColumnChanges1700000000007';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE millrace.loads ADD COLUMN changes jsonb NOT NULL DEFAULT '[]'`);
    await runner.query(WIDENED_COLUMNS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE millrace.widened_columns');
    await runner.query('ALTER TABLE millrace.loads DROP COLUMN changes');
  }
}

const WIDENED_COLUMNS = `
  CREATE TABLE millrace.widened_columns (
    table_id integer NOT NULL,
    column_name text NOT NULL,
    type text NOT NULL,
    widened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT widened_columns_pkey PRIMARY KEY (table_id, column_name, type)
  )`;
