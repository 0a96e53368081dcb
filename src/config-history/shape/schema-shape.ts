import { parseColumnType } from '../parse-column-type.js';
import { TYPE_NAMES } from '../type-aliases.js';
import { isPlainMap, Key } from './key.js';
import { NestedMap } from './nested.js';
import { flag, listOf, type Rule, text } from './rules.js';

/** What a column may be called: letters of any script, digits and _. */
export const COLUMN_NAME = /^[\p{L}_][\p{L}\p{N}_]{0,62}$/u;
/** What a table may be called. */
export const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;

const COLUMN_TYPE: Rule = {
  expected: 'a column type such as text, integer, numeric(12,2) or date',
  accepts: (value) => typeof value === 'string' && 'type' in parseColumnType(value),
  schema: {
    type: 'string',
    anyOf: [
      {
        enum: TYPE_NAMES.filter((name) => !name.includes('(')),
      },
      { pattern: String.raw`^\s*[A-Za-z][A-Za-z0-9_ ]*([(\[][^()\[\]]*[)\]])?[A-Za-z ]*$` },
    ],
  },
  explain: (value) => {
    const parsed = typeof value === 'string' ? parseColumnType(value) : null;
    return parsed && 'problem' in parsed ? [{ at: [], message: parsed.problem }] : [];
  },
};

// What the columnar engine knows: https://duckdb.org/docs/stable/sql/functions/dateformat
const DATE_FORMAT = text(
  'a pattern of strftime such as %d/%m/%Y',
  /^(?=[\s\S]*%)(?:[^%]|%[aAbBcdfgGHIjmMnpSuUVwWxXyYzZ%]|%-[dHIjmMSy])+$/,
);

/** A column: its type, or a map that says more. */
export class ColumnShape {
  @Key(COLUMN_TYPE, {
    description: 'Type of the column; the names of pandas and SQL are understood.',
    examples: ['text', 'integer', 'numeric(12,2)', 'date', 'timestamptz'],
    isRequired: true,
  })
  type: string;

  @Key(flag, { description: 'Records without a value here are refused.', default: false })
  required?: boolean;

  @Key(listOf('a list of strftime patterns', DATE_FORMAT, { minItems: 1 }), {
    description: 'How dates and times are written, for date, time, timestamp and timestamptz.',
    examples: [['%d/%m/%Y']],
  })
  formats?: string[];
}

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
