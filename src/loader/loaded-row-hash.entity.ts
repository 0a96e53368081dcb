import { Entity, PrimaryColumn } from 'typeorm';

/**
 * Identity of a row that a table got: the first 16 bytes of a SHA-256, in a uuid. Most lie in tables that inherit from
 * this one, `loaded_row_hashes_<table_id>`, see `row-hashes.ts`.
 */
@Entity({ schema: 'millrace', name: 'loaded_row_hashes' })
export class LoadedRowHashEntity {
  @PrimaryColumn({ name: 'table_id', type: 'integer', primaryKeyConstraintName: 'loaded_row_hashes_pkey' })
  tableId: number;

  @PrimaryColumn({ name: 'row_hash', type: 'uuid', primaryKeyConstraintName: 'loaded_row_hashes_pkey' })
  rowHash: string;
}
