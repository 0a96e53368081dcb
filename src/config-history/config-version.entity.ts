import { Check, Column, Entity, PrimaryGeneratedColumn, Unique } from 'typeorm';

/** How a version came to be: sent by a user, or an older text made the newest again. */
export type VersionOrigin = 'upload' | 'restore';

/** One immutable, numbered text of a pipeline's YAML. The table refuses changes and removals. */
@Entity({ name: 'config_history', schema: 'millrace' })
@Check('config_history_first', `"version" >= 1`)
@Check('config_history_origin', `"origin" IN ('upload', 'restore')`)
@Unique('config_history_version', ['pipeline', 'version'])
export class ConfigVersion {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'config_history_pkey',
  })
  id: string;

  @Column('text')
  pipeline: string;

  /** Counts up from 1 for each pipeline, without gaps. */
  @Column('integer')
  version: number;

  /** As it was sent, byte for byte. */
  @Column('text')
  text: string;

  /** SHA-256 of the text in UTF-8, hex. */
  @Column('text')
  checksum: string;

  @Column('timestamptz', { name: 'created_at', default: () => 'clock_timestamp()' })
  createdAt: Date;

  @Column('text')
  origin: VersionOrigin;

  /** The version that a restore took its text from. */
  @Column('integer', { name: 'restored_from', nullable: true })
  restoredFrom: number | null;
}
