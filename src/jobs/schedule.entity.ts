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
}
