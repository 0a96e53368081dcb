import type { Misfit } from './column-contract.js';
import { type ColumnType, isWidening } from './column-types.js';
import type { PlannedColumn } from './plan-columns.js';
import type { StageColumn } from './stage.js';
import type { Cleaning } from './stage-request.js';

/** A column whose type is settled, with what is needed to read it. */
export interface SettledColumn extends StageColumn {
  formats: string[];
  cleaning?: Cleaning;
  /** How it is computed, where it has an expression. */
  derived?: Derived;
  /** What becomes of values that do not fit; absent: their records are rejects. */
  misfit?: Misfit;
  /** A new column that the contract refuses: read as text, never loaded. */
  isUnwanted?: true;
  /** The type is that of a sample: a value of another form makes it wrong. */
  isAssumed?: true;
}

export interface Derived {
  /** The expression, as the config has it. */
  sql: string;
  inputs: Input[];
  /** Its result is a list, a struct or a map. */
  isNested: boolean;
}

/** A name in an expression, and what it stands for among the stage's own columns. */
export interface Input {
  name: string;
  sql: string;
  /** The engine's type. */
  type: string;
}

/** @throws Error when a type is not settled yet */
export function settled(columns: PlannedColumn[]): SettledColumn[] {
  return columns.map((column) => {
    const { name, type, required, formats, cleaning, misfit, isAssumed } = column;
    if (!type) throw new Error(`the type of ${name} is not settled`);
    return {
      name,
      type,
      required,
      formats,
      misfit,
      ...(cleaning && { cleaning }),
      ...widening(column, type),
      ...(isAssumed && { isAssumed }),
    };
  });
}

/** The table's column becomes as wide as this one, or has become so before. */
function widening({ known, mayWiden }: PlannedColumn, type: ColumnType) {
  const from = known && mayWiden && isWidening(known.type, type) ? [known.type] : [];
  const earlier = [...(known?.earlier ?? []), ...from];
  return { ...(from.length > 0 && { mayWiden: true }), ...(earlier.length > 0 && { earlier }) };
}

/** Whether values that do not fit are made NULL. */
export const isNulling = ({ misfit }: Pick<SettledColumn, 'misfit'>): boolean => misfit?.mode === 'null';

/** Whether the column holds texts as they are, blanks and empty ones too. */
export const isText = ({ type }: Pick<StageColumn, 'type'>): boolean =>
  type.name === 'text' || type.name === 'varchar';
