import { parseReference } from '../parse-reference.js';
import { Key } from './key.js';
import { listOf, oneOf, type Rule } from './rules.js';
import { NEW_NAME } from './names.js';
import { SQL_TEXT } from './sql-text.js';

/** As many columns as an index of PostgreSQL can have. */
const MOST_COLUMNS = 32;
const MOST_CONSTRAINTS = 100;

export const ON_DELETE = ['no action', 'restrict', 'cascade', 'set null'] as const;

/** `customers(id)`, `sales.customers(id)`, `lines(order_id, number)`. */
export const REFERENCE: Rule = {
  expected: 'a table and its columns such as customers(id) or sales.customers(id)',
  accepts: (value) => typeof value === 'string' && parseReference(value) !== null,
  schema: { type: 'string', pattern: String.raw`^\s*[^\s().]+(\.[^\s().]+)?\s*\([^()]+\)\s*$` },
};

const COLUMNS = listOf(`a list of 1 to ${MOST_COLUMNS} columns`, NEW_NAME, {
  minItems: 1,
  maxItems: MOST_COLUMNS,
  uniqueItems: true,
});

/** Lists of columns, as `[[a, b]]`. */
export const UNIQUE = listOf('a list of lists of columns such as [[a, b]]', COLUMNS, {
  minItems: 1,
  maxItems: MOST_CONSTRAINTS,
});

export const CHECKS = listOf("a list of SQL expressions such as ['ends_on >= begins_on']", SQL_TEXT, {
  minItems: 1,
  maxItems: MOST_CONSTRAINTS,
  uniqueItems: true,
});

/** Columns whose values must be those of a row of another table. */
export class ForeignKeyShape {
  @Key(COLUMNS, {
    description: 'Columns of this table.',
    examples: [['customer_id']],
    isRequired: true,
  })
  columns: string[];

  @Key(REFERENCE, {
    description:
      'The table of another stream, or one that is there already, and its columns, in the same order.',
    examples: ['customers(id)'],
    isRequired: true,
  })
  references: string;

  @Key(oneOf(ON_DELETE), {
    description: 'What happens to the rows here when the row that they refer to is deleted.',
    default: 'no action',
  })
  on_delete?: (typeof ON_DELETE)[number];
}
