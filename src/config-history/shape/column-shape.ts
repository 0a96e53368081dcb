import { parseColumnType } from '../parse-column-type.js';
import { TYPE_NAMES } from '../type-aliases.js';
import { REFERENCE } from './constraint-shape.js';
import { ColumnContractShape } from './contract-shape.js';
import { Key } from './key.js';
import { mapOf } from './map-rules.js';
import { Nested } from './nested.js';
import { flag, listOf, oneOf, type Rule, text } from './rules.js';
import { SQL_TEXT } from './sql-text.js';

export const COLUMN_TYPE: Rule = {
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

// oxlint-disable-next-line no-control-regex -- no text of a table can hold a NUL
const ANY_TEXT = text('a text', /^[^\u0000]*$/);
const TEXTS = listOf('a list of texts, at least one', ANY_TEXT, { minItems: 1, uniqueItems: true });
const MOST_MAPPED = 1000;

/** A number of more digits is not the one that stands in the text. */
const DEFAULT: Rule = {
  expected: 'a text, true, false or a number of at most 15 digits (put a longer one in quotes)',
  accepts: (value) =>
    ANY_TEXT.accepts(value) ||
    typeof value === 'boolean' ||
    (typeof value === 'number' && /^-?[0-9.]{1,16}$/.test(String(value))),
  schema: { type: ['string', 'boolean', 'number'] },
};

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

  @Key(flag, {
    description:
      'Take white space around a value away. Default: blanks are taken away for every type but text and varchar.',
    examples: [true],
  })
  trim?: boolean;

  @Key(TEXTS, {
    description: 'Texts that mean NULL in this column, after trim.',
    examples: [['', 'NA', '-']],
  })
  nulls?: string[];

  @Key(
    mapOf(`a map of at most ${MOST_MAPPED} texts to texts`, {
      name: ANY_TEXT,
      value: ANY_TEXT,
      most: MOST_MAPPED,
    }),
    {
      description: 'Texts that stand for others, after trim and nulls; what is not named stays.',
      examples: [{ A: 'active', I: 'inactive' }],
    },
  )
  map?: Record<string, string>;

  @Key(SQL_TEXT, {
    description: 'SQL over the columns of the row, whose result the column gets in place of its own text.',
    examples: ["first || ' ' || last"],
  })
  expression?: string;

  @Key(oneOf(['.', ',']), {
    description: 'The decimal mark of numbers; thousands may then be set apart, as in 1.234,56 or 1,234.56.',
    examples: [','],
  })
  decimal?: '.' | ',';

  @Key(TEXTS, {
    description: 'What means true in a boolean column, in any case, in place of true, t, yes, y, on, 1.',
    examples: [['ja']],
  })
  true_values?: string[];

  @Key(TEXTS, {
    description: 'What means false in a boolean column, in any case, in place of false, f, no, n, off, 0.',
    examples: [['nein']],
  })
  false_values?: string[];

  @Key(DEFAULT, {
    description: 'The value in place of NULL or a column that a file does not have.',
    examples: [0, false, 'unknown'],
  })
  default?: string | number | boolean;

  @Key(flag, { description: 'No two rows of the table may share a value here.', default: false })
  unique?: boolean;

  @Key(REFERENCE, {
    description: 'The column of another table that must have a row with this value.',
    examples: ['customers(id)'],
  })
  references?: string;

  @Key(SQL_TEXT, {
    description: "PostgreSQL expression over the row's columns that must not be false.",
    examples: ['amount >= 0'],
  })
  check?: string;

  @Nested(ColumnContractShape, {
    description: "What happens when data does not fit this column; it goes before the stream's contract.",
    examples: [{ invalid_rows: 'null' }],
  })
  contract?: ColumnContractShape;
}
