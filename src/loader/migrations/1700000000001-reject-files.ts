import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What it takes to read a rejected record again. */
export class RejectFiles1700000000001 implements MigrationInterface {
  name = 'RejectFiles1700000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE millrace.rejects ADD COLUMN flaw text');
    await runner.query(REJECT_FILES);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE millrace.reject_files');
    await runner.query('ALTER TABLE millrace.rejects DROP COLUMN flaw');
  }
}

// A name may be longer than an index takes. `json`, since `jsonb` takes no NUL, which a name in a header may hold.
const REJECT_FILES = `
  CREATE TABLE millrace.reject_files (
    id bigint GENERATED ALWAYS AS IDENTITY,
    run_id text NOT NULL,
    table_name text NOT NULL,
    source integer NOT NULL,
    file text NOT NULL,
    fingerprint text NOT NULL,
    layout json NOT NULL,
    CONSTRAINT reject_files_pkey PRIMARY KEY (id)
  );
  CREATE INDEX reject_files_run_idx ON millrace.reject_files (run_id, table_name)`;
