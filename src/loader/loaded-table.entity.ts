import { Column, Entity, PrimaryGeneratedColumn, Unique } from 'typeorm';
import type { ChildOf } from './child-tables.js';
import { COUNT_COLUMN } from './count-column.js';

/** The tables that were loaded into, by the number that their row hashes carry. */
@Entity({ schema: 'millrace', name: 'loaded_tables' })
@Unique('loaded_tables_name_key', ['schemaName', 'tableName'])
export class LoadedTableEntity {
  @PrimaryGeneratedColumn('identity', {
    type: 'integer',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'loaded_tables_pkey',
  })
  id: number;

  @Column({ name: 'schema_name', type: 'text' })
  schemaName: string;

  @Column({ name: 'table_name', type: 'text' })
  tableName: string;

  /** `pg_class.oid` of the table: another one under the same name is another table, whose rows are unknown. */
  @Column({ ...COUNT_COLUMN, name: 'table_oid' })
  tableOid: number;

  /** `pg_class.oid` of this registry: it changes with `table_oid` when the whole database was restored from a dump. */
  @Column({ ...COUNT_COLUMN, name: 'registry_oid' })
  registryOid: number;

  /** The write mode of the latest load: another one cannot go by what this one has kept of rows and files. */
  @Column({ name: 'write_mode', type: 'text', default: 'append' })
  writeMode: string;

  /** What the table belongs to, where it holds arrays of another one's records. */
  @Column({ name: 'child_of', type: 'jsonb', nullable: true })
  childOf: ChildOf | null;
}
