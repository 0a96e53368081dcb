import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What all runs share about APIs: rotated refresh tokens, and how soon a host may be asked again. */
export class ApiSources1700000000005 implements MigrationInterface {
  name = 'ApiSources1700000000005';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE "millrace"."api_tokens" (
        "owner" text CONSTRAINT "api_tokens_pkey" PRIMARY KEY,
        "sealed" text NOT NULL,
        "changed_at" timestamptz NOT NULL
      )`);
    await runner.query(`
      CREATE TABLE "millrace"."api_rates" (
        "host" text CONSTRAINT "api_rates_pkey" PRIMARY KEY,
        "next_at" timestamptz NOT NULL,
        "paused_until" timestamptz NOT NULL
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "millrace"."api_rates"`);
    await runner.query(`DROP TABLE "millrace"."api_tokens"`);
  }
}
