import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The columns of a load's stage; those of loads from before are not known. */
export class LoadColumns1700000000012 implements MigrationInterface {
  name = 'LoadColumns1700000000012';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE millrace.loads ADD COLUMN columns jsonb');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE millrace.loads DROP COLUMN columns');
  }
}
