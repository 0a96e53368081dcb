import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Finds the oldest rejects of a pipeline without reading those of the others. */
export class RejectsByPipeline1700000000002 implements MigrationInterface {
  name = 'RejectsByPipeline1700000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE INDEX rejects_pipeline_idx ON millrace.rejects (pipeline, id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX millrace.rejects_pipeline_idx');
  }
}
