import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The loader's own tables in the target database. The schema itself is made before migrations run. */
export class TargetTables1700000000000 implements MigrationInterface {
  name = 'TargetTables1700000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(LOADS);
    await runner.query(LOAD_FILES);
    await runner.query(LOADED_ROWS);
    await runner.query(REJECTS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE millrace.rejects, millrace.loaded_row_hashes, millrace.loaded_tables, millrace.load_files, millrace.loads CASCADE`);
  }
}

// clock_timestamp, since now() is when the transaction began: a load that waited for its turn began before the one it followed.
const LOADS = `
  CREATE TABLE millrace.loads (
    id uuid NOT NULL,
    run_id text NOT NULL,
    pipeline text NOT NULL,
    config_version integer NOT NULL,
    schema_name text NOT NULL,
    table_name text NOT NULL,
    table_id integer,
    signature text NOT NULL,
    read bigint NOT NULL,
    inserted bigint NOT NULL,
    updated bigint NOT NULL,
    duplicate bigint NOT NULL,
    rejected bigint NOT NULL,
    row_bytes bigint NOT NULL,
    committed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT loads_pkey PRIMARY KEY (id),
    CONSTRAINT loads_run_table_key UNIQUE (run_id, schema_name, table_name)
  );
  CREATE INDEX loads_latest_idx ON millrace.loads (pipeline, schema_name, table_name, committed_at)`;

const LOAD_FILES = `
  CREATE TABLE millrace.load_files (
    load_id uuid NOT NULL,
    position integer NOT NULL,
    source integer NOT NULL,
    name text NOT NULL,
    fingerprint text NOT NULL,
    copy_of text,
    read bigint NOT NULL,
    inserted bigint NOT NULL,
    updated bigint NOT NULL,
    duplicate bigint NOT NULL,
    rejected bigint NOT NULL,
    CONSTRAINT load_files_pkey PRIMARY KEY (load_id, position),
    CONSTRAINT load_files_load_id_fkey FOREIGN KEY (load_id) REFERENCES millrace.loads (id) ON DELETE CASCADE
  )`;

// No foreign key between the two: checking it would cost more than inserting the hash.
const LOADED_ROWS = `
  CREATE TABLE millrace.loaded_tables (
    id integer GENERATED ALWAYS AS IDENTITY,
    schema_name text NOT NULL,
    table_name text NOT NULL,
    table_oid bigint NOT NULL,
    registry_oid bigint NOT NULL,
    CONSTRAINT loaded_tables_pkey PRIMARY KEY (id),
    CONSTRAINT loaded_tables_name_key UNIQUE (schema_name, table_name)
  );
  CREATE TABLE millrace.loaded_row_hashes (
    table_id integer NOT NULL,
    row_hash uuid NOT NULL,
    CONSTRAINT loaded_row_hashes_pkey PRIMARY KEY (table_id, row_hash)
  )`;

const REJECTS = `
  CREATE TABLE millrace.rejects (
    id bigint GENERATED ALWAYS AS IDENTITY,
    run_id text NOT NULL,
    load_id uuid,
    pipeline text NOT NULL,
    config_version integer NOT NULL,
    table_name text NOT NULL,
    source integer NOT NULL,
    file text NOT NULL,
    line bigint,
    column_name text,
    reason text NOT NULL,
    raw text NOT NULL,
    CONSTRAINT rejects_pkey PRIMARY KEY (id)
  );
  CREATE INDEX rejects_run_idx ON millrace.rejects (run_id, id)`;
