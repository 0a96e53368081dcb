import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How soon a host may be asked again, for all runs of all processes together. */
@Entity({ schema: 'millrace', name: 'api_rates' })
export class ApiRate {
  /** Host and port. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'api_rates_pkey' })
  host: string;

  /** When the next request may be sent that keeps to the rate. */
  @Column('timestamptz', { name: 'next_at' })
  nextAt: Date;

  /** The host asked for quiet until then. */
  @Column('timestamptz', { name: 'paused_until' })
  pausedUntil: Date;
}
