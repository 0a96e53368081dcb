import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { RunError, RunProgress } from '../run-report.js';
import type { PlanBasis } from './plan-basis.js';
import type { PlanReport, PlanState } from './plan-report.js';

/** What a run of a pipeline would do, and the state of the world that holds for. */
@Entity({ name: 'plans', schema: 'millrace' })
@Index('plans_expires_at', ['expiresAt'])
export class Plan {
  /** Version 7: sorts by age. */
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'plans_pkey' })
  id: string;

  @Column('text')
  pipeline: string;

  /** The newest stored version with the text; null: none. */
  @Column('integer', { name: 'config_version', nullable: true })
  configVersion: number | null;

  /** SHA-256 of the config's text, hex. */
  @Column('text')
  checksum: string;

  @Column('text')
  state: PlanState;

  @Column('timestamptz', { name: 'created_at' })
  createdAt: Date;

  /** When the process that works on it was alive. */
  @Column('timestamptz', { name: 'seen_at' })
  seenAt: Date;

  @Column('timestamptz', { name: 'finished_at', nullable: true })
  finishedAt: Date | null;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt: Date;

  @Column('jsonb', { nullable: true })
  progress: RunProgress | null;

  /** Not jsonb, which would give the columns of samples another order. */
  @Column('json', { nullable: true })
  report: PlanReport | null;

  @Column('jsonb', { nullable: true })
  basis: PlanBasis | null;

  @Column('jsonb', { nullable: true })
  error: RunError | null;
}
