import { COLUMN_TYPE, ColumnShape } from './column-shape.js';
import { isPlainMap, Key } from './key.js';
import { COLUMN_NAME } from './names.js';
import { NestedMap } from './nested.js';
import { flag } from './rules.js';

/** `integer` stands for `{type: integer}`. */
function expandColumn(value: unknown): unknown {
  return isPlainMap(value) ? value : { type: value ?? undefined };
}

/** The columns that a stream shall have. */
export class SchemaShape {
  @Key(flag, { description: 'Keep only the columns named here.', default: false })
  strict_mode?: boolean;

  @NestedMap(ColumnShape, {
    description: 'Columns by name, each with its type; columns not named here are inferred.',
    names: COLUMN_NAME,
    expand: expandColumn,
    shortForms: () => [COLUMN_TYPE.schema],
  })
  columns?: Map<string, ColumnShape>;
}

/**
 * A map from columns to types stands for `{columns: …}`. It is the long form when `strict_mode` is neither a type's
 * text nor a column's map, or when `columns` is a map.
 */
export function expandSchema(value: unknown): unknown {
  if (!isPlainMap(value) || isLongSchema(value)) return value;
  return { columns: value };
}

function isLongSchema(value: Record<string, unknown>): boolean {
  const keys = Object.keys(value);
  if (keys.length === 0 || isPlainMap(value['columns'])) return true;
  if (typeof value['strict_mode'] === 'boolean') return true;
  return (
    keys.every((key) => key === 'columns' || key === 'strict_mode') && typeof value['columns'] !== 'string'
  );
}
