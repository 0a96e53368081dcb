import { ApiSourceShape } from './api-source-shape.js';
import { CsvFileShape } from './csv-shape.js';
import { Key } from './key.js';
import { Kinds } from './kinds.js';
import { Nested } from './nested.js';
import { describeValue, listOf, oneOf, type Rule, text } from './rules.js';

const PATH = text('a folder, a file or a glob, of at most 1000 characters', /^[\s\S]{1,1000}$/);
const NAME_GLOB = text('a glob such as *.csv, of at most 250 characters', /^[^/]{1,250}$/);

/** It never sees a folder: one that names some would leave out files without a word. */
const GLOB: Rule = {
  ...NAME_GLOB,
  explain: (value) => {
    if (typeof value !== 'string' || !value.includes('/')) return NAME_GLOB.explain!(value);
    const expected = 'expected a glob for names without their folders, such as *.csv';
    return [{ at: [], message: `${expected}, got ${describeValue(value)}; path takes globs with folders` }];
  },
};

/** Files of a folder. */
export class LocalSourceShape {
  @Key(oneOf(['local']), { description: 'Where the records come from.', isRequired: true })
  type: 'local';

  @Key(PATH, {
    description: 'A folder, a file or a glob, inside the folders that the service may read.',
    examples: ['inbox', 'inbox/**/*.csv'],
    isRequired: true,
  })
  path: string;

  @Key(listOf('a list of 1 to 100 globs', GLOB, { minItems: 1, maxItems: 100 }), {
    description: 'Take only the files whose names, without folders, match one of these.',
    examples: [['*.csv', '*.json', '*.txt']],
  })
  include?: string[];

  @Key(oneOf(['auto', 'csv', 'text', 'json', 'ndjson', 'parquet', 'xml']), {
    description:
      'What the files hold; auto decides by name and content. Files ending in .gz and .zst are opened.',
    default: 'auto',
  })
  format?: string;

  @Nested(CsvFileShape, { description: 'How delimited text is read.' })
  csv?: CsvFileShape;

  @Key(text('a path such as $ or $.items', /^\$(?:\.[^\s.[\]]+)*$/), {
    description: 'Where the records are in a JSON or XML document.',
    default: '$',
    examples: ['$.items'],
  })
  records?: string;
}

export type SourceShape = LocalSourceShape | ApiSourceShape;

/** Every kind of source. */
export const SOURCES = new Kinds({ local: LocalSourceShape, api: ApiSourceShape });
