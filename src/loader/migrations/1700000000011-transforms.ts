import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What transforms were made of when they ran last. */
export class Transforms1700000000011 implements MigrationInterface {
  name = 'Transforms1700000000011';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TRANSFORMS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE millrace.transforms');
  }
}

const TRANSFORMS = `
  CREATE TABLE millrace.transforms (
    pipeline text NOT NULL,
    schema_name text NOT NULL,
    name text NOT NULL,
    signature text NOT NULL,
    run_id text NOT NULL,
    rows bigint,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT transforms_pkey PRIMARY KEY (pipeline, schema_name, name)
  )`;
