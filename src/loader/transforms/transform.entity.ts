import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a transform was made of when it ran last, written in its transaction. */
@Entity({ schema: 'millrace', name: 'transforms' })
export class TransformEntity {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'transforms_pkey' })
  pipeline: string;

  @PrimaryColumn({ name: 'schema_name', type: 'text', primaryKeyConstraintName: 'transforms_pkey' })
  schemaName: string;

  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'transforms_pkey' })
  name: string;

  /** Digest of its SQL, and of the loads and transforms whose rows it took. */
  @Column({ type: 'text' })
  signature: string;

  @Column({ name: 'run_id', type: 'text' })
  runId: string;

  /** Null where it writes none by itself. */
  @Column({ type: 'bigint', nullable: true })
  rows: string | null;

  @Column({ type: 'timestamptz', default: () => 'clock_timestamp()' })
  at: Date;
}
