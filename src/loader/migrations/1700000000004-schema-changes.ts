import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The history of what Millrace changed about the user's schema. */
export class SchemaChanges1700000000004 implements MigrationInterface {
  name = 'SchemaChanges1700000000004';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(SCHEMA_CHANGES);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE millrace.schema_changes');
  }
}

const SCHEMA_CHANGES = `
  CREATE TABLE millrace.schema_changes (
    id bigint GENERATED ALWAYS AS IDENTITY,
    pipeline text NOT NULL,
    run_id text NOT NULL,
    config_version integer NOT NULL,
    schema_name text NOT NULL,
    table_name text NOT NULL,
    statement text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT schema_changes_pkey PRIMARY KEY (id)
  );
  CREATE INDEX schema_changes_pipeline_idx ON millrace.schema_changes (pipeline, id)`;
