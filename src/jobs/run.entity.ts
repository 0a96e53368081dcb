import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type {
  Replay,
  RunError,
  RunProgress,
  RunState,
  RunTrigger,
  StreamFiles,
  StreamSummary,
  Suspect,
  TransformReport,
} from './run-report.js';

/** One execution of a pipeline at one config version. Its id is a UUID of version 7, so ids sort by age. */
@Entity({ name: 'runs', schema: 'millrace' })
@Index('runs_pipeline', ['pipeline', 'id'])
@Index('runs_state', ['state', 'id'])
@Index('runs_trigger', ['trigger', 'id'])
@Index('runs_pipeline_state', ['pipeline', 'state', 'id'])
@Index('runs_pipeline_trigger', ['pipeline', 'trigger', 'id'])
@Index('runs_state_trigger', ['state', 'trigger', 'id'])
@Index('runs_pipeline_state_trigger', ['pipeline', 'state', 'trigger', 'id'])
@Index('runs_slot', ['pipeline', 'slot'], { unique: true })
@Check('runs_trigger_check', `"trigger" IN ('manual', 'schedule', 'monitor', 'replay')`)
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
  streams: StreamSummary[];

  /** The files of each stream, in the order of `streams`. May be megabytes: only read where they are asked for. */
  @Column('jsonb', { default: [], select: false })
  files?: StreamFiles[];

  /** What became of the SQL after the loads, in the order of the config. */
  @Column('jsonb', { default: [] })
  transforms: TransformReport[];

  /** How far the run is; null before it begins and once it is over. */
  @Column('jsonb', { nullable: true })
  progress: RunProgress | null;

  /** Counts the run's events; the number of the newest one. */
  @Column('integer', { default: 0 })
  revision: number;

  @Column('jsonb', { nullable: true })
  error: RunError | null;

  /** Digest of all that the run looked at; null when it has not looked, or failed for a passing reason. */
  @Column('text', { nullable: true })
  signature: string | null;

  /** When the run began to look at its sources, last. */
  @Column('timestamptz', { name: 'looked_at', nullable: true })
  lookedAt: Date | null;

  /** When somebody last asked for a run and was given this one, which was under way. */
  @Column('timestamptz', { name: 'asked_at', nullable: true })
  askedAt: Date | null;

  @Column('timestamptz', { name: 'cancel_asked_at', nullable: true })
  cancelAskedAt: Date | null;

  /** The file that the worker is at, where earlier workers died of the run; null when it is at none. */
  @Column('jsonb', { nullable: true })
  suspect: Suspect | null;

  /** How many workers died at which file: key of the suspect -> deaths. */
  @Column('jsonb', { default: {} })
  suspects: Record<string, number>;

  /** Which rejects the run takes up again; null for a run of the pipeline's sources. */
  @Column('jsonb', { nullable: true })
  replay: Replay | null;

  /** The moment of the schedule that this run stands for. */
  @Column('timestamptz', { nullable: true })
  slot: Date | null;
}
