import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A refresh token that a server gave in place of the config's. */
@Entity({ schema: 'millrace', name: 'api_tokens' })
export class ApiToken {
  /** Digest of whose token it is, its first token included: another one in the config is another owner. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'api_tokens_pkey' })
  owner: string;

  /** Encrypted under a key that only the config's own secrets give. */
  @Column('text')
  sealed: string;

  @Column('timestamptz', { name: 'changed_at' })
  changedAt: Date;
}
