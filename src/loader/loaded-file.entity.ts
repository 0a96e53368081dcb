import { Entity, PrimaryColumn } from 'typeorm';

/** A file whose rows a table got, by its content; of tables that are written by `insert`. */
@Entity({ schema: 'millrace', name: 'loaded_files' })
export class LoadedFileEntity {
  @PrimaryColumn({ name: 'table_id', type: 'integer', primaryKeyConstraintName: 'loaded_files_pkey' })
  tableId: number;

  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'loaded_files_pkey' })
  fingerprint: string;
}
