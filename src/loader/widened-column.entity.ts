import { Column, Entity, PrimaryColumn } from 'typeorm';

const primaryKeyConstraintName = 'widened_columns_pkey';

/** A narrower type that a column had when rows were loaded that are known by what they were in it. */
@Entity({ schema: 'millrace', name: 'widened_columns' })
export class WidenedColumnEntity {
  /** The registry's id of the table. */
  @PrimaryColumn({ name: 'table_id', type: 'integer', primaryKeyConstraintName })
  tableId: number;

  @PrimaryColumn({ name: 'column_name', type: 'text', primaryKeyConstraintName })
  columnName: string;

  /** In the words of the YAML. */
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName })
  type: string;

  @Column({ name: 'widened_at', type: 'timestamptz', default: () => 'clock_timestamp()' })
  widenedAt: Date;
}
