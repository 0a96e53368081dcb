import { ColumnShape } from './column-shape.js';
import { ContractShape } from './contract-shape.js';
import { CHECKS, ForeignKeyShape, UNIQUE } from './constraint-shape.js';
import { Key } from './key.js';
import { mapOf } from './map-rules.js';
import { COLUMN_NAME, IDENTIFIER, NEW_NAME } from './names.js';
import { Nested, NestedList } from './nested.js';
import { anyOf, flag, listOf, oneOf, type Rule, text, wholeNumber } from './rules.js';
import { expandSchema, SchemaShape } from './schema-shape.js';
import { KEY_COLUMNS, MAX_SHRINK, MIN_ROWS, WRITE_MODES, type WriteModeName } from './write-rules.js';
import { type SourceShape, SOURCES } from './source-shape.js';

/** As many as a table can have columns. */
const MOST_RENAMED = 1600;
const MOST_FLATTENED = 16;
const NO_OUTPUT: Rule = { expected: 'false', accepts: (value) => value === false, schema: { const: false } };
const FILE_NAME = text(
  'a plain file name',
  // oxlint-disable-next-line no-control-regex -- a name must be printable
  /^(?!\.)(?!.*\.\.)[^/\\\u0000-\u001f\u007f]{1,200}$/,
);
const RENAME = mapOf(`a map of at most ${MOST_RENAMED} names in the sources to column names`, {
  name: text('a name in the sources'),
  value: NEW_NAME,
  most: MOST_RENAMED,
});
const AFTER = listOf('a list of tables of other streams, each once', text('the table of another stream'), {
  minItems: 1,
  maxItems: 1000,
  uniqueItems: true,
});

/** One target table and the sources that feed it. */
export class StreamShape {
  @Key(text('a name of letters, digits and _ (at most 63, no digit first)', IDENTIFIER), {
    description: "Target table. Default: the pipeline's name, with _ for each -.",
    examples: ['orders'],
  })
  table?: string;

  @NestedList(SOURCES, { description: 'Where the records come from.' })
  sources?: SourceShape[];

  @Key(AFTER, {
    description:
      'Tables of other streams that are loaded before this one. Foreign keys and for_each say it by themselves.',
    examples: [['customers']],
  })
  after?: string[];

  @Key(oneOf(['snake_case', 'as_is']), {
    description: "How the sources' column names become the table's.",
    default: 'snake_case',
  })
  naming?: 'snake_case' | 'as_is';

  @Key(RENAME, {
    description: "Column names by the sources' names, before naming.",
    examples: [{ 'Old Name': 'new_name' }],
  })
  rename?: Record<string, string>;

  @Key(wholeNumber(1, MOST_FLATTENED), {
    description:
      'Levels of objects whose members become columns such as address__city; without it an object is a json column.',
    examples: [1],
  })
  flatten?: number;

  @Key(flag, {
    description:
      'Elements of arrays become rows of tables of their own, such as orders__items, with the key of their row; needs key.',
    default: false,
  })
  child_tables?: boolean;

  @Nested(SchemaShape, {
    description:
      'The columns and their types: {strict_mode, columns}, or directly a map from column to type.',
    expand: expandSchema,
    shortForms: (refer) => [
      {
        type: 'object',
        propertyNames: { pattern: COLUMN_NAME.source },
        additionalProperties: { anyOf: [{ type: 'string' }, refer(ColumnShape)] },
      },
    ],
    examples: [{ id: 'integer', amount: 'numeric(12,2)' }],
  })
  schema?: SchemaShape;

  @Key(flag, { description: 'Short for schema.strict_mode: keep only the columns named in the schema.' })
  strict_mode?: boolean;

  @Nested(ContractShape, { description: 'What happens when data does not fit the schema.' })
  contract?: ContractShape;

  @Key(oneOf(['drop', 'keep']), {
    description: 'Identical rows are one row, or stay as many as there are.',
    default: 'drop',
  })
  duplicates?: 'drop' | 'keep';

  @Key(oneOf(WRITE_MODES), {
    description: 'How a load treats what the table already holds.',
    default: 'append',
  })
  write?: WriteModeName;

  @Key(KEY_COLUMNS, {
    description: 'Columns that tell rows apart, for upsert, scd2 and replace.',
    examples: [['order_id']],
  })
  key?: string[];

  @Key(NEW_NAME, {
    description:
      'Of rows with one key the one with the greatest value here counts. Default: the last one, in the order of the files.',
    examples: ['updated_at'],
  })
  order_by?: string;

  @Key(MIN_ROWS, {
    description: 'Replace: refuse to leave fewer rows than this; 0 lets the table become empty.',
    default: 1,
  })
  min_rows?: number;

  @Key(MAX_SHRINK, {
    description: 'Replace: refuse to make the table smaller by more than this share of its rows.',
    examples: ['20%'],
  })
  max_shrink?: string;

  @Key(NEW_NAME, {
    description: 'scd2: the column that says since when a version of a row holds.',
    default: 'valid_from',
  })
  valid_from?: string;

  @Key(NEW_NAME, {
    description: 'scd2: the column that says until when a version of a row held; NULL in the current one.',
    default: 'valid_to',
  })
  valid_to?: string;

  @Key(UNIQUE, {
    description: 'Columns whose values, taken together, no two rows of the table may share.',
    examples: [[['customer_id', 'number']]],
  })
  unique?: string[][];

  @NestedList(ForeignKeyShape, {
    description: 'Columns whose values must be those of a row of another table; that one is loaded first.',
    examples: [[{ columns: ['customer_id'], references: 'customers(id)' }]],
  })
  foreign_keys?: ForeignKeyShape[];

  @Key(CHECKS, {
    description: "PostgreSQL expressions over a row's columns that must not be false.",
    examples: [['ends_on >= begins_on']],
  })
  checks?: string[];

  @Key(wholeNumber(1, 1_000_000), {
    description: 'Rows that are held in memory at a time; smaller for a table with large texts.',
    default: 50_000,
  })
  batch_rows?: number;

  @Key(anyOf('a plain file name without / or .., or false', [NO_OUTPUT, FILE_NAME]), {
    description: 'File name of the combined CSV; false for none. Default: the table with .csv.',
    examples: ['orders.csv', false],
  })
  output?: string | false;
}
