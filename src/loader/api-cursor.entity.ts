import { Column, Entity, PrimaryColumn } from 'typeorm';

const primaryKeyConstraintName = 'api_cursors_pkey';

/** How far a pipeline has loaded a source of an API into a table, in each of the source's partitions. */
@Entity({ schema: 'millrace', name: 'api_cursors' })
export class ApiCursorEntity {
  /** The registry's id of the table: another table under its name knows no cursors. */
  @PrimaryColumn({ name: 'table_id', type: 'integer', primaryKeyConstraintName })
  tableId: number;

  @PrimaryColumn({ type: 'text', primaryKeyConstraintName })
  pipeline: string;

  /** Digest of what the source asks for. */
  @PrimaryColumn({ name: 'source_key', type: 'text', primaryKeyConstraintName })
  sourceKey: string;

  /** SHA-256 of the partition, which may be longer than an index takes. */
  @PrimaryColumn({ name: 'partition_hash', type: 'text', primaryKeyConstraintName })
  partitionHash: string;

  @Column({ type: 'text' })
  partition: string;

  @Column({ type: 'text' })
  value: string;

  /** What the run that wrote the value began at; null: at the beginning. */
  @Column({ name: 'value_before', type: 'text', nullable: true })
  valueBefore: string | null;

  /** The run that wrote the value. */
  @Column({ name: 'run_id', type: 'text' })
  runId: string;

  @Column({ name: 'updated_at', type: 'timestamptz', default: () => 'clock_timestamp()' })
  updatedAt: Date;
}
