import { plainToInstance } from 'class-transformer';
import { Key, Nested, type ShapeClass } from './key.js';
import { flag, listOf, oneOf, text } from './rules.js';

const DELIMITER = text('auto or one ASCII character', /^(?:auto|\\t|[\t\x20-\x21\x23-\x7e])$/);
const QUOTE = text('one ASCII character, or "" for none', /^[\x21-\x7e]?$/);
const ANY_TEXT = text('a text', /^[\s\S]*$/);
const NAMES = listOf('a list of column names', text('a column name'), { minItems: 1, uniqueItems: true });

const PATH = text('a folder, a file or a glob, of at most 1000 characters', /^[\s\S]{1,1000}$/);
const GLOB = text('a glob such as *.csv, of at most 250 characters', /^[\s\S]{1,250}$/);
const LOCAL_ONLY = 'other sources are not available yet';

/** How delimited text is read. */
export class CsvShape {
  @Key(DELIMITER, { description: 'Character between fields; auto finds it in each file.', default: 'auto' })
  delimiter?: string;

  @Key(QUOTE, { description: 'Character around fields that hold a delimiter; "" for none.', default: '"' })
  quote?: string;

  @Key(flag, { description: 'The first record names the columns. If false, `columns` must.', default: true })
  header?: boolean;

  @Key(NAMES, {
    description: 'Column names, in order, of files without a header.',
    examples: [['id', 'name']],
  })
  columns?: string[];

  @Key(oneOf(['auto', 'utf-8', 'utf-16', 'utf-16le', 'utf-16be', 'latin-1', 'windows-1252']), {
    description: 'Encoding of the files; auto finds it in each file.',
    default: 'auto',
  })
  encoding?: string;

  @Key(listOf('a list of texts', ANY_TEXT), {
    description: 'Unquoted texts that mean NULL.',
    default: [''],
    examples: [['', 'NA', 'null']],
  })
  nulls?: string[];
}

/** Files of a folder. */
export class LocalSourceShape {
  @Key(oneOf(['local'], LOCAL_ONLY), { description: 'Where the records come from.', isRequired: true })
  type: 'local';

  @Key(PATH, {
    description: 'A folder, a file or a glob, inside the folders that the service may read.',
    examples: ['inbox', 'inbox/**/*.csv'],
    isRequired: true,
  })
  path: string;

  @Key(listOf('a list of 1 to 100 globs', GLOB, { minItems: 1, maxItems: 100 }), {
    description: 'Take only the files whose names match one of these.',
    examples: [['*.csv', '*.json', '*.txt']],
  })
  include?: string[];

  @Key(oneOf(['auto', 'csv', 'text', 'json', 'ndjson', 'parquet']), {
    description:
      'What the files hold; auto decides by name and content. Files ending in .gz and .zst are opened.',
    default: 'auto',
  })
  format?: string;

  @Nested(CsvShape, { description: 'How delimited text is read.' })
  csv?: CsvShape;

  @Key(text('a path such as $ or $.items', /^\$(?:\.[^\s.[\]]+)*$/), {
    description: 'Where the records are in a JSON document.',
    default: '$',
    examples: ['$.items'],
  })
  records?: string;
}

/** Every kind of source by its `type`. A new kind is a shape and a line here. */
const SOURCE_SHAPES: ReadonlyMap<string, ShapeClass> = new Map([['local', LocalSourceShape]]);

/** A source whose kind is not known: its other keys cannot be judged. */
class UnknownSourceShape {
  @Key(oneOf([...SOURCE_SHAPES.keys()], LOCAL_ONLY), {
    description: 'Where the records come from.',
    isRequired: true,
  })
  type: string;
}

/** Reads a source as the kind that its `type` names. */
export function readSource(value: Record<string, unknown>): object {
  const shape = SOURCE_SHAPES.get(String(value['type']));
  return shape ? plainToInstance(shape, value) : plainToInstance(UnknownSourceShape, { type: value['type'] });
}
