import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How many of a load's rejects the database refused: some of them it may take later. */
export class RefusedRows1700000000009 implements MigrationInterface {
  name = 'RefusedRows1700000000009';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE millrace.loads ADD COLUMN refused bigint NOT NULL DEFAULT 0');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE millrace.loads DROP COLUMN refused');
  }
}
