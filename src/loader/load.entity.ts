import { Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';
import { COUNT_COLUMN } from './count-column.js';
import type { StageColumn } from '../schema/stage.js';
import type { ColumnChange } from './load.js';

/** The ledger: one row for each committed load, written in the load's own transaction. */
@Entity({ schema: 'millrace', name: 'loads' })
@Unique('loads_run_table_key', ['runId', 'schemaName', 'tableName'])
@Index('loads_latest_idx', ['pipeline', 'schemaName', 'tableName', 'committedAt'])
export class LoadEntity {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'loads_pkey' })
  id: string;

  @Column({ name: 'run_id', type: 'text' })
  runId: string;

  @Column({ type: 'text' })
  pipeline: string;

  @Column({ name: 'config_version', type: 'integer' })
  configVersion: number;

  @Column({ name: 'schema_name', type: 'text' })
  schemaName: string;

  @Column({ name: 'table_name', type: 'text' })
  tableName: string;

  /** The registry's id of the table; null when there was nothing to make a table of. */
  @Column({ name: 'table_id', type: 'integer', nullable: true })
  tableId: number | null;

  /** Empty: nothing is compared with this load, be it a replay or one that was reset. */
  @Column({ type: 'text' })
  signature: string;

  @Column(COUNT_COLUMN)
  read: number;

  @Column(COUNT_COLUMN)
  inserted: number;

  @Column(COUNT_COLUMN)
  updated: number;

  @Column(COUNT_COLUMN)
  duplicate: number;

  @Column(COUNT_COLUMN)
  rejected: number;

  /** Of the rejects, those that the database would not take. */
  @Column({ ...COUNT_COLUMN, default: 0 })
  refused: number;

  /** Rows that left the table. */
  @Column({ ...COUNT_COLUMN, default: 0 })
  deleted: number;

  @Column({ name: 'write_mode', type: 'text', default: 'append' })
  writeMode: string;

  @Column({ ...COUNT_COLUMN, name: 'row_bytes' })
  rowBytes: number;

  @Column({ type: 'jsonb', default: [] })
  changes: ColumnChange[];

  /**
   * Of the stage, in its order. null: no load goes on from this one, because it is from before they were kept, or the
   * table's rows were forgotten since.
   */
  @Column({ type: 'jsonb', nullable: true })
  columns: StageColumn[] | null;

  @Column({ name: 'committed_at', type: 'timestamptz', default: () => 'clock_timestamp()' })
  committedAt: Date;
}
