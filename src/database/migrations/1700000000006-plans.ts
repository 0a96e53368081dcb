import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Plans: what runs would do. */
export class Plans1700000000006 implements MigrationInterface {
  name = 'Plans1700000000006';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "millrace"."plans" (
        "id" uuid CONSTRAINT "plans_pkey" PRIMARY KEY,
        "pipeline" text NOT NULL,
        "config_version" integer,
        "checksum" text NOT NULL,
        "state" text NOT NULL,
        "created_at" timestamptz NOT NULL,
        "seen_at" timestamptz NOT NULL,
        "finished_at" timestamptz,
        "expires_at" timestamptz NOT NULL,
        "progress" jsonb,
        "report" json,
        "basis" jsonb,
        "error" jsonb
      )`);
    await runner.query(`CREATE INDEX "plans_expires_at" ON "millrace"."plans" ("expires_at")`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "millrace"."plans"`);
  }
}
