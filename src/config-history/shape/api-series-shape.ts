import { Key } from './key.js';
import { mapOf } from './map-rules.js';
import { parsePeriod, period } from './quantities.js';
import { JSON_PATH, PLACE_NAME, START } from './request-rules.js';
import { anyOf, listOf, oneOf, type Rule, text } from './rules.js';
import { COLUMN_NAME, IDENTIFIER } from './names.js';

const COLUMN = text('a column name of letters, digits and _', COLUMN_NAME);
const COLUMNS = listOf('a list of 1 to 20 column names', COLUMN, {
  minItems: 1,
  maxItems: 20,
  uniqueItems: true,
});
const SPAN = period('1s', '3650d', 'smhd');

const LOOKBACK: Rule = {
  expected: 'a time such as 1h or 2d, or a number that is not negative',
  accepts: (value) =>
    typeof value === 'number'
      ? Number.isFinite(value) && value >= 0
      : parsePeriod(value) !== null && SPAN.accepts(value),
  schema: { anyOf: [{ type: 'number', minimum: 0 }, SPAN.schema] },
};

const COLUMN_OR_COLUMNS: Rule = {
  ...anyOf('a column name or a list of them', [COLUMN, COLUMNS]),
  explain: (value) => (Array.isArray(value) ? (COLUMNS.explain?.(value) ?? []) : []),
};

const RENAMED = mapOf("a map from the parent's columns to names", { name: COLUMN, value: COLUMN });

const INCLUDE: Rule = {
  ...anyOf("a list of the parent's columns, or a map from them to names", [COLUMNS, RENAMED]),
  explain: (value) => (Array.isArray(value) ? COLUMNS : RENAMED).explain?.(value) ?? [],
};

/** Asks only for what is new since the last load. */
export class ApiCursorShape {
  @Key(JSON_PATH, {
    description: 'Where the value is in a record, as the API gives it.',
    examples: ['updated_at'],
    isRequired: true,
  })
  field: string;

  @Key(PLACE_NAME, { description: 'Parameter that takes the value.', examples: ['updated_since'] })
  param?: string;

  @Key(oneOf(['query', 'body', 'header']), { description: 'Where the parameters go.', default: 'query' })
  in?: 'query' | 'body' | 'header';

  @Key(START, {
    description: 'Value of the first run; without one it asks for everything.',
    examples: ['2024-01-01', 0],
  })
  start?: string | number;

  @Key(LOOKBACK, {
    description: 'How far to go back from the stored value: a time, or a number where values are numbers.',
    default: 0,
    examples: ['1h', 100],
  })
  lookback?: string | number;

  @Key(oneOf(['auto', 'text', 'number', 'iso', 'date', 'unix', 'unix_ms']), {
    description: 'How values are written in requests and compared; auto goes by the values.',
    default: 'auto',
  })
  format?: 'auto' | 'text' | 'number' | 'iso' | 'date' | 'unix' | 'unix_ms';

  @Key(SPAN, {
    description: 'Length of the time windows that are asked for one after the other.',
    examples: ['30d'],
  })
  step?: string;

  @Key(PLACE_NAME, { description: "Parameter that takes the window's end.", examples: ['updated_until'] })
  end_param?: string;
}

/** One series of requests for each row of another stream. */
export class ForEachShape {
  @Key(text('the table of another stream', IDENTIFIER), {
    description: 'Table of another stream of the pipeline.',
    examples: ['users'],
    isRequired: true,
  })
  stream: string;

  @Key(COLUMN_OR_COLUMNS, {
    description: 'Column of that stream, or a list of them, that {parent.<column>} stands for.',
    examples: ['id', ['region', 'id']],
    isRequired: true,
  })
  field: string | string[];

  @Key(INCLUDE, {
    description: "Columns of the parent to add to each record: a list, or a map to the record's names.",
    examples: [{ id: 'user_id' }, ['region']],
  })
  include?: string[] | Record<string, string>;
}
