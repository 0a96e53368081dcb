import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';
import type { RawFlaw } from '../schema/stage.js';
import { COUNT_COLUMN } from './count-column.js';

/** A refused record, with its place, the reason and the raw text. */
@Entity({ schema: 'millrace', name: 'rejects' })
@Index('rejects_run_idx', ['runId', 'id'])
@Index('rejects_pipeline_idx', ['pipeline', 'id'])
export class RejectEntity {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'rejects_pkey',
  })
  id: string;

  @Column({ name: 'run_id', type: 'text' })
  runId: string;

  /** Null when the run failed because of its rejects, so that there was no load. */
  @Column({ name: 'load_id', type: 'uuid', nullable: true })
  loadId: string | null;

  @Column({ type: 'text' })
  pipeline: string;

  @Column({ name: 'config_version', type: 'integer' })
  configVersion: number;

  @Column({ name: 'table_name', type: 'text' })
  tableName: string;

  @Column({ type: 'integer' })
  source: number;

  @Column({ type: 'text' })
  file: string;

  @Column({
    ...COUNT_COLUMN,
    nullable: true,
    transformer: { to: (v: unknown) => v, from: (v: string | null) => (v === null ? null : Number(v)) },
  })
  line: number | null;

  @Column({ name: 'column_name', type: 'text', nullable: true })
  column: string | null;

  @Column({ type: 'text' })
  reason: string;

  @Column({ type: 'text' })
  raw: string;

  /** Why `raw` is not the record as it stood; null: it is, or the reject is older than this column. */
  @Column({ type: 'text', nullable: true })
  flaw: RawFlaw | null;
}
