import { Key } from './key.js';
import { IDENTIFIER } from './names.js';
import { listOf, oneOf, text } from './rules.js';

const NAMES = listOf('a list of tables of streams and names of transforms, each once', text('a name'), {
  maxItems: 1000,
  uniqueItems: true,
});

/** SQL that runs after the streams are loaded. */
export class TransformShape {
  @Key(text('a name of letters, digits and _ (at most 63, no digit first)', IDENTIFIER), {
    description: 'Name of the transform, and of the view or table that it makes in the schema of the target.',
    isRequired: true,
    examples: ['daily_sales'],
  })
  name: string;

  @Key(text('SQL'), {
    description: 'The SQL; for a view or a table one query.',
    examples: ['SELECT placed_on, sum(amount) AS amount FROM orders GROUP BY 1'],
  })
  sql?: string;

  @Key(text('a path to an SQL file'), {
    description: 'A file with the SQL, inside MILLRACE_DATA_ROOTS; read by each run.',
    examples: ['sql/daily_sales.sql'],
  })
  file?: string;

  @Key(oneOf(['view', 'table', 'statement']), {
    description:
      'What becomes of the query: a view; a table that holds its rows; or statement: the SQL is run as it is.',
    default: 'view',
  })
  as?: 'view' | 'table' | 'statement';

  @Key(NAMES, {
    description:
      'Streams and transforms that must have succeeded before. Default: all streams and the transforms above.',
    examples: [['orders']],
  })
  after?: string[];
}
