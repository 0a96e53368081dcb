import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Table of the config versions, which can only grow. */
export class ConfigHistory1700000000001 implements MigrationInterface {
  name = 'ConfigHistory1700000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE SCHEMA IF NOT EXISTS "millrace"`);
    await runner.query(`
      CREATE TABLE "millrace"."config_history" (
        "id" bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT "config_history_pkey" PRIMARY KEY,
        "pipeline" text NOT NULL,
        "version" integer NOT NULL,
        "text" text NOT NULL,
        "checksum" text NOT NULL,
        "created_at" timestamptz NOT NULL DEFAULT clock_timestamp(),
        "origin" text NOT NULL,
        "restored_from" integer,
        CONSTRAINT "config_history_version" UNIQUE ("pipeline", "version"),
        CONSTRAINT "config_history_origin" CHECK ("origin" IN ('upload', 'restore')),
        CONSTRAINT "config_history_first" CHECK ("version" >= 1)
      )`);
    await runner.query(`
      CREATE FUNCTION "millrace"."keep_config_history"() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION 'config_history only grows: expected INSERT, got %', TG_OP;
        END $$`);
    await runner.query(`
      CREATE TRIGGER "config_history_append_only"
        BEFORE UPDATE OR DELETE OR TRUNCATE ON "millrace"."config_history"
        FOR EACH STATEMENT EXECUTE FUNCTION "millrace"."keep_config_history"()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "millrace"."config_history"`);
    await runner.query(`DROP FUNCTION "millrace"."keep_config_history"()`);
  }
}
