import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How far sources of APIs are loaded. */
export class ApiCursors1700000000003 implements MigrationInterface {
  name = 'ApiCursors1700000000003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(API_CURSORS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE millrace.api_cursors');
  }
}

const API_CURSORS = `
  CREATE TABLE millrace.api_cursors (
    table_id integer NOT NULL,
    pipeline text NOT NULL,
    source_key text NOT NULL,
    partition_hash text NOT NULL,
    partition text NOT NULL,
    value text NOT NULL,
    value_before text,
    run_id text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT api_cursors_pkey PRIMARY KEY (table_id, pipeline, source_key, partition_hash)
  )`;
