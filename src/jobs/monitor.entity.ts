import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { MonitorSight } from './monitor-sight.js';

/** A pipeline whose files are looked at every so often; one monitor a pipeline. */
@Entity({ name: 'monitors', schema: 'millrace' })
@Index('monitors_next_look', ['nextLookAt'])
export class Monitor {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'monitors_pkey' })
  pipeline: string;

  @Column('integer', { name: 'every_seconds' })
  everySeconds: number;

  /** Digest of what the last look saw. */
  @Column('text', { nullable: true })
  signature: string | null;

  @Column('timestamptz', { name: 'last_look_at', nullable: true })
  lastLookAt: Date | null;

  @Column('timestamptz', { name: 'next_look_at' })
  nextLookAt: Date;

  /** What the last look led to, in words. */
  @Column('text', { name: 'last_result', nullable: true })
  lastResult: string | null;

  /** Digest of all that the last look went by; null when it cannot stand for the next one. */
  @Column('text', { nullable: true })
  listing: string | null;

  /** The last run that the monitor added. */
  @Column('uuid', { name: 'last_run_id', nullable: true })
  lastRunId: string | null;

  /** What the last look saw, against the files of the newest run. */
  @Column('jsonb', { nullable: true })
  saw: MonitorSight | null;
}
