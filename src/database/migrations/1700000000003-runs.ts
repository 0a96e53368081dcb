import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tables of the runs, the schedules and the monitors. */
export class Runs1700000000003 implements MigrationInterface {
  name = 'Runs1700000000003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE SCHEMA IF NOT EXISTS "millrace"`);
    await runner.query(`
      CREATE TABLE "millrace"."runs" (
        "id" uuid CONSTRAINT "runs_pkey" PRIMARY KEY,
        "pipeline" text NOT NULL,
        "config_version" integer NOT NULL,
        "trigger" text NOT NULL,
        "state" text NOT NULL,
        "attempt" integer NOT NULL DEFAULT 0,
        "deaths" integer NOT NULL DEFAULT 0,
        "worker" integer,
        "claim" integer,
        "queued_at" timestamptz NOT NULL,
        "started_at" timestamptz,
        "finished_at" timestamptz,
        "streams" jsonb NOT NULL DEFAULT '[]',
        "error" jsonb,
        "signature" text,
        "idempotency_key" text,
        "request_digest" text,
        "slot" timestamptz,
        CONSTRAINT "runs_trigger_check" CHECK ("trigger" IN ('manual', 'schedule', 'monitor')),
        CONSTRAINT "runs_state_check" CHECK ("state" IN ('queued', 'running', 'succeeded', 'failed', 'cancelled'))
      )`);
    await runner.query(`CREATE INDEX "runs_pipeline" ON "millrace"."runs" ("pipeline", "id")`);
    await runner.query(`CREATE INDEX "runs_state" ON "millrace"."runs" ("state", "id")`);
    await runner.query(`CREATE UNIQUE INDEX "runs_idempotency_key" ON "millrace"."runs" ("idempotency_key")`);
    await runner.query(`CREATE UNIQUE INDEX "runs_slot" ON "millrace"."runs" ("pipeline", "slot")`);
    await runner.query(`
      CREATE TABLE "millrace"."schedules" (
        "pipeline" text CONSTRAINT "schedules_pkey" PRIMARY KEY,
        "cron" text NOT NULL,
        "timezone" text NOT NULL,
        "created_at" timestamptz NOT NULL
      )`);
    await runner.query(`
      CREATE TABLE "millrace"."monitors" (
        "pipeline" text CONSTRAINT "monitors_pkey" PRIMARY KEY,
        "every_seconds" integer NOT NULL,
        "signature" text,
        "last_look_at" timestamptz,
        "next_look_at" timestamptz NOT NULL,
        "last_result" text
      )`);
    await runner.query(`CREATE INDEX "monitors_next_look" ON "millrace"."monitors" ("next_look_at")`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE "millrace"."monitors"`);
    await runner.query(`DROP TABLE "millrace"."schedules"`);
    await runner.query(`DROP TABLE "millrace"."runs"`);
  }
}
