import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is known of files that were read, so that an unchanged one is not read again. */
export class FileLooks1700000000002 implements MigrationInterface {
  name = 'FileLooks1700000000002';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('CREATE SCHEMA IF NOT EXISTS millrace');
    await queryRunner.query(`
      CREATE TABLE millrace.file_looks (
        path text CONSTRAINT file_looks_pkey PRIMARY KEY,
        size bigint NOT NULL,
        mtime_ns bigint NOT NULL,
        ctime_ns bigint NOT NULL,
        inode numeric(20, 0) NOT NULL,
        device numeric(20, 0) NOT NULL,
        fingerprint text NOT NULL,
        is_utf8 boolean NOT NULL,
        has_nul boolean NOT NULL,
        line_ends text NOT NULL,
        seen_at timestamptz NOT NULL
      )`);
    await queryRunner.query('CREATE INDEX file_looks_seen_at_idx ON millrace.file_looks (seen_at)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE millrace.file_looks');
  }
}
