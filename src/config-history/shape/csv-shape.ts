import { Key } from './key.js';
import { flag, listOf, oneOf, text } from './rules.js';

const CHARACTER = /^(?:\\t|[\t\x20-\x21\x23-\x7e])$/;
const DELIMITER = text('auto or one ASCII character', new RegExp(`^auto$|${CHARACTER.source}`));
const QUOTE = text('one ASCII character, or "" for none', /^[\x21-\x7e]?$/);
const ANY_TEXT = text('a text', /^[\s\S]*$/);
const NAMES = listOf('a list of column names', text('a column name'), { minItems: 1, uniqueItems: true });

/** How delimited text is read, wherever it comes from. */
export class CsvShape {
  @Key(DELIMITER, { description: 'Character between fields; auto finds it.', default: 'auto' })
  delimiter?: string;

  @Key(QUOTE, { description: 'Character around fields that hold a delimiter; "" for none.', default: '"' })
  quote?: string;

  @Key(flag, { description: 'The first record names the columns. If false, `columns` must.', default: true })
  header?: boolean;

  @Key(NAMES, {
    description: 'Column names, in order, of text without a header.',
    examples: [['id', 'name']],
  })
  columns?: string[];

  @Key(listOf('a list of texts', ANY_TEXT), {
    description: 'Unquoted texts that mean NULL.',
    default: [''],
    examples: [['', 'NA', 'null']],
  })
  nulls?: string[];
}

/** How files of delimited text are read. */
export class CsvFileShape extends CsvShape {
  @Key(oneOf(['auto', 'utf-8', 'utf-16', 'utf-16le', 'utf-16be', 'latin-1', 'windows-1252']), {
    description: 'Encoding of the files; auto finds it in each file.',
    default: 'auto',
  })
  encoding?: string;
}
