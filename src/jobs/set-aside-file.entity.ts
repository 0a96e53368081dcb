import { Column, Entity, PrimaryColumn } from 'typeorm';

const primaryKeyConstraintName = 'set_aside_files_pkey';

/**
 * A file that workers died of. Runs of the same config version go on without it, until its content changes.
 */
@Entity({ name: 'set_aside_files', schema: 'millrace' })
export class SetAsideFile {
  @PrimaryColumn('text', { primaryKeyConstraintName })
  pipeline: string;

  @PrimaryColumn('integer', { name: 'config_version', primaryKeyConstraintName })
  configVersion: number;

  @PrimaryColumn('text', { name: 'table_name', primaryKeyConstraintName })
  tableName: string;

  @PrimaryColumn('text', { primaryKeyConstraintName })
  fingerprint: string;

  @Column('text')
  name: string;

  /** The run in which it was set aside. */
  @Column('uuid', { name: 'run_id' })
  runId: string;

  @Column('text')
  reason: string;

  @Column('timestamptz')
  at: Date;
}
