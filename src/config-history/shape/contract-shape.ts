import { Key } from './key.js';
import { PERCENTAGE } from './quantities.js';
import { anyOf, oneOf, type Rule, wholeNumber } from './rules.js';

/** Modes of a contract. `null` is one of them where it is listed, as YAML's null too. */
function modes(words: readonly string[], note?: string): Rule {
  const rule = oneOf(words, note);
  if (!words.includes('null')) return rule;
  return {
    ...rule,
    accepts: (value) => value === null || rule.accepts(value),
    schema: { enum: [...words, null] },
  };
}

export type MissingColumns = 'ignore' | 'fail' | 'reject';
export type InvalidRows = 'reject' | 'fail' | 'null';

const MISSING_COLUMNS = modes(['ignore', 'fail', 'reject']);
const INVALID_ROWS = modes(['reject', 'fail', 'null'], 'a record that does not fit is never left out unseen');

/** What happens when data does not fit a stream. */
export class ContractShape {
  @Key(modes(['evolve', 'ignore', 'fail', 'reject']), {
    description:
      'A column that neither the schema nor the table has: add it, leave it out, fail the run, or reject the records ' +
      'that have a value in it.',
    default: 'evolve',
  })
  new_columns?: 'evolve' | 'ignore' | 'fail' | 'reject';

  @Key(MISSING_COLUMNS, {
    description:
      'A file lacks a column that the schema or the table has: NULL or the default, fail the run, or reject the file.',
    default: 'ignore',
  })
  missing_columns?: MissingColumns;

  @Key(modes(['reject', 'widen', 'fail', 'null']), {
    description:
      "A value of a column without a declared type does not fit the table's type: reject the record, widen the column " +
      'losslessly, fail the run, or make the value NULL. With widen a table may follow a wider declared type, too.',
    default: 'reject',
  })
  type_change?: 'reject' | 'widen' | 'fail' | 'null' | null;

  @Key(INVALID_ROWS, {
    description:
      'A record does not fit the declared types: keep it among the rejects and go on, fail the run, or make the value NULL.',
    default: 'reject',
  })
  invalid_rows?: InvalidRows | null;

  @Key(
    anyOf('a count such as 100 or a share such as 5%', [wholeNumber(0, Number.MAX_SAFE_INTEGER), PERCENTAGE]),
    {
      description:
        'Fail the run when more records than this are refused: a count, or a share of the records read.',
      examples: [100, '5%'],
    },
  )
  max_rejects?: number | string;
}

/** The same for one declared column; it goes before what the stream says. */
export class ColumnContractShape {
  @Key(MISSING_COLUMNS, { description: 'A file lacks this column: go on, fail the run, or reject the file.' })
  missing_columns?: MissingColumns;

  @Key(modes(['widen', 'fail'], 'a value that does not fit the declared type is a matter of invalid_rows'), {
    description: "The table's column is narrower than the declared type: widen it, or fail the run.",
  })
  type_change?: 'widen' | 'fail';

  @Key(INVALID_ROWS, {
    description: 'A value does not fit: reject the record, fail the run, or make the value NULL.',
  })
  invalid_rows?: InvalidRows | null;
}
