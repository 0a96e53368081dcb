import { Column, Entity, PrimaryColumn } from 'typeorm';

/** When a pipeline runs by itself; one schedule a pipeline. */
@Entity({ name: 'schedules', schema: 'millrace' })
export class Schedule {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'schedules_pkey' })
  pipeline: string;

  @Column('text')
  cron: string;

  /** IANA name, e.g. `Europe/Berlin`. */
  @Column('text')
  timezone: string;

  @Column('timestamptz', { name: 'created_at' })
  createdAt: Date;

  /** The latest moment of the schedule that was dealt with; moments up to it bring no run any more. */
  @Column('timestamptz', { name: 'last_slot' })
  lastSlot: Date;

  /** The run of that moment, or the one that it was skipped for. */
  @Column('uuid', { name: 'last_run_id', nullable: true })
  lastRunId: string | null;

  /** What that moment led to, in words; null before the first. */
  @Column('text', { name: 'last_result', nullable: true })
  lastResult: string | null;
}
