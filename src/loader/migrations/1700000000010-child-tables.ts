import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which tables hold the arrays of another one's records. */
export class ChildTables1700000000010 implements MigrationInterface {
  name = 'ChildTables1700000000010';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE millrace.loaded_tables ADD COLUMN child_of jsonb');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE millrace.loaded_tables DROP COLUMN child_of');
  }
}
