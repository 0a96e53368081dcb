import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { TextTraits } from './text-probe.js';

/** What was learned about a file when it was last read; holds as long as its stamp does. */
@Entity({ schema: 'millrace', name: 'file_looks' })
export class FileLook {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'file_looks_pkey' })
  path: string;

  @Column('bigint')
  size: string;

  @Column('bigint', { name: 'mtime_ns' })
  mtimeNs: string;

  @Column('bigint', { name: 'ctime_ns' })
  ctimeNs: string;

  /** Up to 2^64, which bigint does not hold. */
  @Column('numeric', { precision: 20, scale: 0 })
  inode: string;

  @Column('numeric', { precision: 20, scale: 0 })
  device: string;

  @Column('text')
  fingerprint: string;

  @Column('boolean', { name: 'is_utf8' })
  isUtf8: boolean;

  @Column('boolean', { name: 'has_nul' })
  hasNul: boolean;

  @Column('text', { name: 'line_ends' })
  lineEnds: TextTraits['lineEnds'];

  @Column('boolean', { name: 'ends_mid_line' })
  endsMidLine: boolean;

  /** When the file was first found in this state. */
  @Column('timestamptz', { name: 'found_at' })
  foundAt: Date;

  /** When the file was last found in this state, to the day. */
  @Index('file_looks_seen_at_idx')
  @Column('timestamptz', { name: 'seen_at' })
  seenAt: Date;
}

/** A look apart from when it was. */
export type Look = Omit<FileLook, 'foundAt' | 'seenAt'>;

/** An earlier look, and for how long the file is known to be in that state. */
export type KnownLook = Look & { knownMs: number };
