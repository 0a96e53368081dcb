import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { COUNT_COLUMN } from './count-column.js';
import { LoadEntity } from './load.entity.js';

/** What one file contributed to a load. */
@Entity({ schema: 'millrace', name: 'load_files' })
export class LoadFileEntity {
  @PrimaryColumn({ name: 'load_id', type: 'uuid', primaryKeyConstraintName: 'load_files_pkey' })
  loadId: string;

  /** Place in the stage's list of files, from 0. */
  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'load_files_pkey' })
  position: number;

  @ManyToOne(() => LoadEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'load_id', foreignKeyConstraintName: 'load_files_load_id_fkey' })
  load: Relation<LoadEntity>;

  @Column({ type: 'integer' })
  source: number;

  @Column({ type: 'text' })
  name: string;

  @Column({ type: 'text' })
  fingerprint: string;

  @Column({ name: 'copy_of', type: 'text', nullable: true })
  copyOf: string | null;

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
}
