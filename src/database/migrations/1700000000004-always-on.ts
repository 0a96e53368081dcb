import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What runs, schedules and monitors have to remember to be left alone for months. */
export class AlwaysOn1700000000004 implements MigrationInterface {
  name = 'AlwaysOn1700000000004';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(RUNS);
    await runner.query(HISTORY);
    await runner.query(SPLIT_FILES);
    await runner.query(IDEMPOTENCY_KEYS);
    await runner.query(RUN_EVENTS);
    await runner.query(SET_ASIDE_FILES);
    await runner.query(`
      ALTER TABLE "millrace"."schedules"
        ADD COLUMN "last_slot" timestamptz NOT NULL DEFAULT now(),
        ADD COLUMN "last_run_id" uuid,
        ADD COLUMN "last_result" text`);
    await runner.query(`ALTER TABLE "millrace"."schedules" ALTER COLUMN "last_slot" DROP DEFAULT`);
    await runner.query(`
      ALTER TABLE "millrace"."monitors"
        ADD COLUMN "listing" text,
        ADD COLUMN "saw" jsonb,
        ADD COLUMN "last_run_id" uuid`);
    await runner.query(
      `ALTER TABLE "millrace"."file_looks"
         ADD COLUMN "found_at" timestamptz NOT NULL DEFAULT now(),
         ADD COLUMN "ends_mid_line" boolean NOT NULL DEFAULT false`,
    );
    await runner.query(
      `ALTER TABLE "millrace"."file_looks"
         ALTER COLUMN "found_at" DROP DEFAULT,
         ALTER COLUMN "ends_mid_line" DROP DEFAULT`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE "millrace"."file_looks" DROP COLUMN "found_at", DROP COLUMN "ends_mid_line"`,
    );
    await runner.query(
      `ALTER TABLE "millrace"."monitors" DROP COLUMN "listing", DROP COLUMN "saw", DROP COLUMN "last_run_id"`,
    );
    await runner.query(`
      ALTER TABLE "millrace"."schedules"
        DROP COLUMN "last_slot", DROP COLUMN "last_run_id", DROP COLUMN "last_result"`);
    await runner.query(`DROP TABLE "millrace"."set_aside_files"`);
    await runner.query(`DROP TABLE "millrace"."run_events"`);
    await runner.query(KEYS_BACK);
    await runner.query(JOIN_FILES);
    await runner.query(HISTORY_BACK);
    await runner.query(RUNS_BACK);
  }
}

const RUNS = `
  ALTER TABLE "millrace"."runs"
    ADD COLUMN "files" jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN "progress" jsonb,
    ADD COLUMN "revision" integer NOT NULL DEFAULT 0,
    ADD COLUMN "looked_at" timestamptz,
    ADD COLUMN "asked_at" timestamptz,
    ADD COLUMN "cancel_asked_at" timestamptz,
    ADD COLUMN "suspect" jsonb,
    ADD COLUMN "suspects" jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN "replay" jsonb,
    DROP CONSTRAINT "runs_trigger_check",
    ADD CONSTRAINT "runs_trigger_check" CHECK ("trigger" IN ('manual', 'schedule', 'monitor', 'replay'));
  CREATE INDEX "runs_trigger" ON "millrace"."runs" ("trigger", "id")`;

const RUNS_BACK = `
  DELETE FROM "millrace"."runs" WHERE "trigger" = 'replay';
  DROP INDEX "millrace"."runs_trigger";
  ALTER TABLE "millrace"."runs"
    DROP COLUMN "files", DROP COLUMN "progress", DROP COLUMN "revision", DROP COLUMN "looked_at",
    DROP COLUMN "asked_at", DROP COLUMN "cancel_asked_at", DROP COLUMN "suspect", DROP COLUMN "suspects", DROP COLUMN "replay",
    DROP CONSTRAINT "runs_trigger_check",
    ADD CONSTRAINT "runs_trigger_check" CHECK ("trigger" IN ('manual', 'schedule', 'monitor'))`;

/** Each mixture of filters of the history has an index that holds its answer in order, so that none reads what does not fit. */
const HISTORY = `
  CREATE INDEX "runs_pipeline_state" ON "millrace"."runs" ("pipeline", "state", "id");
  CREATE INDEX "runs_pipeline_trigger" ON "millrace"."runs" ("pipeline", "trigger", "id");
  CREATE INDEX "runs_state_trigger" ON "millrace"."runs" ("state", "trigger", "id");
  CREATE INDEX "runs_pipeline_state_trigger" ON "millrace"."runs" ("pipeline", "state", "trigger", "id")`;

const HISTORY_BACK = `
  DROP INDEX "millrace"."runs_pipeline_state", "millrace"."runs_pipeline_trigger",
    "millrace"."runs_state_trigger", "millrace"."runs_pipeline_state_trigger"`;

/** The files of a run may be thousands: a list of runs must not have to read them. */
const SPLIT_FILES = `
  UPDATE "millrace"."runs" SET
    "files" = (SELECT coalesce(jsonb_agg(jsonb_build_object('files', s->'files', 'skipped', s->'skipped') ORDER BY n), '[]')
                 FROM jsonb_array_elements("streams") WITH ORDINALITY AS e(s, n)),
    "streams" = (SELECT coalesce(jsonb_agg((s - 'files' - 'skipped') || jsonb_build_object(
                          'fileCount', jsonb_array_length(s->'files'), 'skippedCount', jsonb_array_length(s->'skipped'))
                          ORDER BY n), '[]')
                   FROM jsonb_array_elements("streams") WITH ORDINALITY AS e(s, n))`;

const JOIN_FILES = `
  UPDATE "millrace"."runs" SET
    "streams" = (SELECT coalesce(jsonb_agg((s - 'fileCount' - 'skippedCount')
                          || coalesce("files"->(n::int - 1), '{"files": [], "skipped": []}') ORDER BY n), '[]')
                   FROM jsonb_array_elements("streams") WITH ORDINALITY AS e(s, n))`;

/** A table of their own: several keys may stand for one run, which they joined. */
const IDEMPOTENCY_KEYS = `
  CREATE TABLE "millrace"."idempotency_keys" (
    "key" text CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY,
    "request_digest" text NOT NULL,
    "run_id" uuid NOT NULL
      CONSTRAINT "idempotency_keys_run_fkey" REFERENCES "millrace"."runs" ("id") ON DELETE CASCADE
  );
  CREATE INDEX "idempotency_keys_run" ON "millrace"."idempotency_keys" ("run_id");
  INSERT INTO "millrace"."idempotency_keys" ("key", "request_digest", "run_id")
    SELECT "idempotency_key", "request_digest", "id" FROM "millrace"."runs" WHERE "idempotency_key" IS NOT NULL;
  DROP INDEX "millrace"."runs_idempotency_key";
  ALTER TABLE "millrace"."runs" DROP COLUMN "idempotency_key", DROP COLUMN "request_digest"`;

const KEYS_BACK = `
  ALTER TABLE "millrace"."runs" ADD COLUMN "idempotency_key" text, ADD COLUMN "request_digest" text;
  UPDATE "millrace"."runs" r SET "idempotency_key" = k."key", "request_digest" = k."request_digest"
    FROM "millrace"."idempotency_keys" k WHERE k."run_id" = r."id";
  CREATE UNIQUE INDEX "runs_idempotency_key" ON "millrace"."runs" ("idempotency_key");
  DROP TABLE "millrace"."idempotency_keys"`;

const RUN_EVENTS = `
  CREATE TABLE "millrace"."run_events" (
    "run_id" uuid NOT NULL
      CONSTRAINT "run_events_run_fkey" REFERENCES "millrace"."runs" ("id") ON DELETE CASCADE,
    "seq" integer NOT NULL,
    "at" timestamptz NOT NULL,
    "type" text NOT NULL,
    "data" jsonb NOT NULL,
    CONSTRAINT "run_events_pkey" PRIMARY KEY ("run_id", "seq")
  )`;

const SET_ASIDE_FILES = `
  CREATE TABLE "millrace"."set_aside_files" (
    "pipeline" text NOT NULL,
    "config_version" integer NOT NULL,
    "table_name" text NOT NULL,
    "fingerprint" text NOT NULL,
    "name" text NOT NULL,
    "run_id" uuid NOT NULL,
    "reason" text NOT NULL,
    "at" timestamptz NOT NULL,
    CONSTRAINT "set_aside_files_pkey" PRIMARY KEY ("pipeline", "config_version", "table_name", "fingerprint")
  )`;
