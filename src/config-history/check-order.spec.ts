import { describe, expect, it } from '@jest/globals';
import { InvalidConfig } from './invalid-config.js';
import { parseConfig } from './parse-config.js';

const SOURCES = 'sources: [{ type: local, path: inbox }]';
const parse = (text: string) => parseConfig(text, { isVariableAllowed: () => true });

/** `orders: after: [customers]` is a stream and its keys. */
const pipeline = (...streams: string[]) =>
  `streams:\n${streams
    .map((stream) => {
      const [, table = stream, keys = ''] = /^(\w+): (.*)$/.exec(stream) ?? [];
      return `  - table: ${table}\n    ${SOURCES}${keys && `\n    ${keys}`}\n`;
    })
    .join('')}`;

function faultsOf(text: string): string[] {
  try {
    parse(text);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidConfig)) throw error;
    return error.details.map(({ path, line, column, message }) => `${path} ${line}:${column} ${message}`);
  }
}

describe('what streams need', () => {
  it.each([
    ['nothing', ['a', 'b'], [[], []]],
    ['after', ['a: after: [b, c]', 'b', 'c'], [['b', 'c'], [], []]],
    ['a foreign key', ['a: foreign_keys: [{ columns: [x], references: b(y) }]', 'b'], [['b'], []]],
    ['a column that refers', ['a: schema: { x: { type: bigint, references: b(y) } }', 'b'], [['b'], []]],
    ['the table itself', ['a: schema: { x: { type: bigint, references: a(y) } }', 'b'], [[], []]],
    ['a table of none', ['a: schema: { x: { type: bigint, references: elsewhere(y) } }'], [[]]],
    ['another schema', ['a: schema: { x: { type: bigint, references: other.b(y) } }', 'b'], [[], []]],
    ['both ways to say it', ['a: { }', 'b'].slice(1).concat('a: after: [b]'), [[], ['b']]],
  ])('comes from %s', (_, streams, needs) => {
    const config = parse(pipeline(...streams));
    expect(config.streams.map((stream) => stream.needs ?? [])).toEqual(needs);
  });

  it('holds for the schema of the target, named or not', () => {
    const refers = pipeline('a: schema: { x: { type: bigint, references: shop.b(y) } }', 'b');
    expect(parse(`target: { schema: shop }\n${refers}`).streams[0]?.needs).toEqual(['b']);
  });

  it.each([
    [
      ['a: after: [b]', 'b: foreign_keys: [{ columns: [x], references: a(y) }]'],
      'streams[0].after[0] 4:13 expected streams that do not wait for each other, got a -> b -> a',
    ],
    [
      [
        'z: after: [a]',
        'a: after: [b]',
        'b: after: [c]',
        'c: schema: { x: { type: bigint, references: a(y) } }',
      ],
      'streams[1].after[0] 7:13 expected streams that do not wait for each other, got a -> b -> c -> a',
    ],
    [
      ['customers', 'orders: after: [custmers]'],
      'streams[1].after[0] 6:13 expected the table of another stream of this pipeline, got "custmers"; did you mean customers?',
    ],
    [
      ['a: after: [a]', 'b'],
      'streams[0].after[0] 4:13 expected the table of another stream of this pipeline, got "a", the stream itself',
    ],
    [
      ['a: after: [b]'],
      'streams[0].after[0] 4:13 expected the table of another stream of this pipeline, got "b", and there is no other',
    ],
    [['a: after: [b, b]', 'b'], 'streams[0].after[1] 4:16 expected each name once, got "b" a second time'],
    [
      ['a: after: b', 'b'],
      'streams[0].after 4:12 expected a list of tables of other streams, each once, got "b"',
    ],
  ])('%j is refused', (streams, fault) => {
    expect(faultsOf(pipeline(...streams))).toEqual([fault]);
  });
});
