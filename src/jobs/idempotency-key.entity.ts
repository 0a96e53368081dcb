import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { Run } from './run.entity.js';

/** An `Idempotency-Key` that came with a trigger, and the run that it stands for. */
@Entity({ name: 'idempotency_keys', schema: 'millrace' })
@Index('idempotency_keys_run', ['runId'])
export class IdempotencyKey {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'idempotency_keys_pkey' })
  key: string;

  /** Tells a repeat from a different request. */
  @Column('text', { name: 'request_digest' })
  requestDigest: string;

  @ForeignKey(() => Run, { name: 'idempotency_keys_run_fkey', onDelete: 'CASCADE' })
  @Column('uuid', { name: 'run_id' })
  runId: string;
}
