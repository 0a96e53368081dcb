import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import type { RunEventType } from './run-report.js';
import { Run } from './run.entity.js';

/** A change of a run's or one of its streams' state. */
@Entity({ name: 'run_events', schema: 'millrace' })
export class RunEvent {
  @ForeignKey(() => Run, { name: 'run_events_run_fkey', onDelete: 'CASCADE' })
  @PrimaryColumn('uuid', { name: 'run_id', primaryKeyConstraintName: 'run_events_pkey' })
  runId: string;

  /** From 1, without gaps. */
  @PrimaryColumn('integer', { primaryKeyConstraintName: 'run_events_pkey' })
  seq: number;

  @Column('timestamptz')
  at: Date;

  @Column('text')
  type: RunEventType;

  @Column('jsonb')
  data: object;
}
