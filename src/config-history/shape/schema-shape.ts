import { COLUMN_TYPE, ColumnShape } from './column-shape.js';
import { isPlainMap, Key } from './key.js';
import { COLUMN_NAME } from './names.js';
import { NestedMap } from './nested.js';
import { flag, oneOf } from './rules.js';

/** `integer` stands for `{type: integer}`. */
function expandColumn(value: unknown): unknown {
  return isPlainMap(value) ? value : { type: value ?? undefined };
}

const MANAGERS = ['millrace', 'user'];

/** The columns that a stream shall have. */
export class SchemaShape {
  @Key(flag, { description: 'Keep only the columns named here.', default: false })
  strict_mode?: boolean;

  @Key(oneOf(MANAGERS), {
    description:
      'Who changes the table: user: no DDL is run on it, and the run fails with the statements that are needed where it ' +
      'lacks something.',
    default: 'millrace',
  })
  managed_by?: 'millrace' | 'user';

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
 * text nor a column's map, when `managed_by` is what only the key can be, or when `columns` is a map.
 */
export function expandSchema(value: unknown): unknown {
  if (!isPlainMap(value) || isLongSchema(value)) return value;
  return { columns: value };
}

function isLongSchema(value: Record<string, unknown>): boolean {
  const keys = Object.keys(value);
  if (keys.length === 0 || isPlainMap(value['columns'])) return true;
  if (typeof value['strict_mode'] === 'boolean') return true;
  if (MANAGERS.includes(String(value['managed_by']))) return true;
  return (
    keys.every((key) => ['columns', 'strict_mode', 'managed_by'].includes(key)) &&
    !['columns', 'managed_by'].some((key) => typeof value[key] === 'string')
  );
}
