import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';
import type { RecordLayout } from '../schema/stage.js';

/** A file that has rejects, and how its records were read. */
@Entity({ schema: 'millrace', name: 'reject_files' })
@Index('reject_files_run_idx', ['runId', 'tableName'])
export class RejectFileEntity {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'reject_files_pkey',
  })
  id: string;

  @Column({ name: 'run_id', type: 'text' })
  runId: string;

  @Column({ name: 'table_name', type: 'text' })
  tableName: string;

  @Column({ type: 'integer' })
  source: number;

  @Column({ type: 'text' })
  file: string;

  @Column({ type: 'text' })
  fingerprint: string;

  @Column({ type: 'json' })
  layout: RecordLayout;
}
