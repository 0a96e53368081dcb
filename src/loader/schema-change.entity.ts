import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/** A statement that Millrace ran to change the user's schema, written in the same transaction. */
@Entity({ schema: 'millrace', name: 'schema_changes' })
@Index('schema_changes_pipeline_idx', ['pipeline', 'id'])
export class SchemaChangeEntity {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'schema_changes_pkey',
  })
  id: string;

  @Column({ type: 'text' })
  pipeline: string;

  @Column({ name: 'run_id', type: 'text' })
  runId: string;

  @Column({ name: 'config_version', type: 'integer' })
  configVersion: number;

  @Column({ name: 'schema_name', type: 'text' })
  schemaName: string;

  /** The table that the statement was run for; a schema is made for its first table. */
  @Column({ name: 'table_name', type: 'text' })
  tableName: string;

  @Column({ type: 'text' })
  statement: string;

  @Column({ type: 'timestamptz', default: () => 'clock_timestamp()' })
  at: Date;
}
