import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { RunError, RunState, RunTrigger, StreamReport } from './run-report.js';

/** One execution of a pipeline at one config version. Its id is a UUID of version 7, so ids sort by age. */
@Entity({ name: 'runs', schema: 'millrace' })
@Index('runs_pipeline', ['pipeline', 'id'])
@Index('runs_state', ['state', 'id'])
@Index('runs_idempotency_key', ['idempotencyKey'], { unique: true })
@Index('runs_slot', ['pipeline', 'slot'], { unique: true })
@Check('runs_trigger_check', `"trigger" IN ('manual', 'schedule', 'monitor')`)
@Check('runs_state_check', `"state" IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')`)
export class Run {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'runs_pkey' })
  id: string;

  @Column('text')
  pipeline: string;

  @Column('integer', { name: 'config_version' })
  configVersion: number;

  @Column('text')
  trigger: RunTrigger;

  @Column('text')
  state: RunState;

  /** How many times the run was begun; a worker may write to the row only while this is its own number. */
  @Column('integer', { default: 0 })
  attempt: number;

  /** How many workers died while they held the run. */
  @Column('integer', { default: 0 })
  deaths: number;

  /** Key of the lock that the worker holds as long as it lives, see WorkerPresence. */
  @Column('integer', { nullable: true })
  worker: number | null;

  /** The queue's own count of claims, which names the claim that the worker holds. */
  @Column('integer', { nullable: true })
  claim: number | null;

  @Column('timestamptz', { name: 'queued_at' })
  queuedAt: Date;

  @Column('timestamptz', { name: 'started_at', nullable: true })
  startedAt: Date | null;

  @Column('timestamptz', { name: 'finished_at', nullable: true })
  finishedAt: Date | null;

  @Column('jsonb', { default: [] })
  streams: StreamReport[];

  @Column('jsonb', { nullable: true })
  error: RunError | null;

  /** Digest of all that the run looked at; null when it has not looked, or failed for a passing reason. */
  @Column('text', { nullable: true })
  signature: string | null;

  @Column('text', { name: 'idempotency_key', nullable: true })
  idempotencyKey: string | null;

  /** Digest of the request that carried the key, to tell a repeat from a different request. */
  @Column('text', { name: 'request_digest', nullable: true })
  requestDigest: string | null;

  /** The moment of the schedule that this run stands for. */
  @Column('timestamptz', { nullable: true })
  slot: Date | null;
}
