import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What became of the transforms of a run. */
export class Transforms1700000000007 implements MigrationInterface {
  name = 'Transforms1700000000007';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE "millrace"."runs" ADD COLUMN "transforms" jsonb NOT NULL DEFAULT '[]'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE "millrace"."runs" DROP COLUMN "transforms"`);
  }
}
