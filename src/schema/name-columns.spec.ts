import { describe, expect, it } from '@jest/globals';
import { assert, property, string, uniqueArray } from 'fast-check';
import { type NameRules, nameColumns, snakeCase } from './name-columns.js';

const NAMES: [string, string][] = [
  ['activeFlag', 'active_flag'],
  ['ActiveFlag', 'active_flag'],
  ['Active Flag', 'active_flag'],
  ['ACTIVE-FLAG', 'active_flag'],
  ['active_flag', 'active_flag'],
  ['__Active  Flag__', 'active_flag'],
  ['active.flag', 'active_flag'],
  ['activeflag', 'activeflag'],
  ['HTTPServer', 'http_server'],
  ['userID', 'user_id'],
  ['HTTPServerID', 'http_server_id'],
  ['user2Name', 'user2_name'],
  ['ISO8601Date', 'iso8601_date'],
  ['x1Y2Z', 'x1_y2_z'],
  ['aB', 'a_b'],
  ['ALL_CAPS_NAME', 'all_caps_name'],
  ['naïve café', 'naive_cafe'],
  ['ÉtatCivil', 'etat_civil'],
  ['İstanbul', 'istanbul'],
  ['Ｆｕｌｌ Ｗｉｄｔｈ', 'full_width'],
  ['m²', 'm2'],
  ['سعر ٣', 'سعر_٣'],
  ['٣ سعر', '_٣_سعر'],
  ['a\u00a0b\tc\u200bd', 'a_b_c_d'],
  ['ID', 'id'],
  ['address2Line', 'address2_line'],
  ['Größe (cm)', 'grosse_cm'],
  ['Straße', 'strasse'],
  ['STRAẞE', 'strasse'],
  ['名前', '名前'],
  ['2024 total', '_2024_total'],
  ['% of total', 'of_total'],
  ['order', 'order'],
  ['SELECT', 'select'],
  ['a"b', 'a_b'],
  ['x'.repeat(63), 'x'.repeat(63)],
];

const rules = (rest: Partial<NameRules> = {}): NameRules => ({ naming: 'snake_case', declared: [], ...rest });
const named = (sources: string[], rest: Partial<NameRules> = {}) =>
  nameColumns(sources, rules(rest), 'a.csv');

describe('a source name', () => {
  it.each(NAMES)('%j becomes %s', (source, expected) => {
    expect(snakeCase(source)).toBe(expected);
    expect(named([source])).toEqual([expected]);
    // What is loaded again from a table keeps its names.
    expect(snakeCase(expected)).toBe(
      expected.replace(/^_/, '') === expected ? expected : `_${expected.slice(1)}`,
    );
  });

  const refused: [string, string[], Partial<NameRules>][] = [
    ['is a sign', ['%'], {}],
    ['is empty', [''], {}],
    ['is of the language', ['constructor'], {}],
    ['has 64 bytes', ['x'.repeat(64)], {}],
    ['has 64 bytes in fewer letters', ['ä'.repeat(32)], { naming: 'as_is' }],
    ['has a blank and is taken as it is', ['Active Flag'], { naming: 'as_is' }],
  ];
  it.each(['xmin', 'XMAX', 'ctid'])('%s that PostgreSQL has for itself is refused', (source) => {
    expect(() => named([source])).toThrow(
      `expected another column name than ${source.toLowerCase()}, which is a system column of every table of PostgreSQL, got "${source}"`,
    );
    expect(named([source], { rename: { [source]: 'west' } })).toEqual(['west']);
  });

  it.each(refused)('that %s is refused, and may be renamed', (_name, sources, rest) => {
    expect(() => named(sources, rest)).toThrow(
      /^expected a column name .*\(a\.csv\); give it one by rename$/,
    );
    expect(named(sources, { ...rest, rename: { [sources[0]!]: 'a' } })).toEqual(['a']);
  });

  const nested: [string, string, Partial<NameRules>][] = [
    ['address.City Name', 'address__city_name', {}],
    ['Address.geo.LAT', 'address__geo__lat', {}],
    ['Address.geo.LAT', 'Address__geo__LAT', { naming: 'as_is' }],
    ['address.city', 'town', { rename: { 'address.city': 'town' } }],
    ['address.city', 'addr__city', { rename: { address: 'addr' } }],
    ['address.city', 'address__city', { declared: ['address__city'] }],
  ];
  it.each(nested)('%j inside an object becomes %s', (source, expected, rest) => {
    expect(named([source.replaceAll('.', '\u001f')], rest)).toEqual([expected]);
  });

  const meeting: [string, string[], Partial<NameRules>, string][] = [
    ['after normalising', ['Active Flag', 'activeFlag'], {}, 'active_flag'],
    ['in a declared one', ['ID', 'Id'], { declared: ['ID'] }, 'ID'],
    ['one inside an object', ['a\u001fb', 'a__b'], { naming: 'as_is' }, 'a__b'],
    ['but for case', ['a', 'A'], { naming: 'as_is' }, 'A'],
    ['by rename', ['total', 'sum'], { rename: { sum: 'total' } }, 'total'],
    ['by rename, both', ['a', 'b'], { rename: { a: 'x', b: 'X' } }, 'X'],
  ];
  it.each(meeting)('that meets another %s is refused with both names', (_name, sources, rest, name) => {
    const [first] = sources.map((source) => source.replace('\u001f', '.'));
    expect(() => named(sources, rest)).toThrow(
      `expected different column names, got "${first}" and "${sources[1]}", which both become ${name} (a.csv)`,
    );
  });

  it('of 63 bytes never meets a longer one that begins with it, which is refused', () => {
    const long = 'x'.repeat(63);
    expect(() => named([long, `${long}1`])).toThrow(`got "${long}1" (a.csv)`);
  });
});

describe('rename', () => {
  const cases: [string, string[], Partial<NameRules>, string[]][] = [
    ['goes before naming', ['Old Name', 'x'], { rename: { 'Old Name': 'newName' } }, ['newName', 'x']],
    ['finds a name in another spelling', ['oldName'], { rename: { 'Old Name': 'new' } }, ['new']],
    [
      'finds it only as it is, with as_is',
      ['oldName'],
      { naming: 'as_is', rename: { old_name: 'new' } },
      ['oldName'],
    ],
    ['parts two names that meet', ['Name', 'NAME'], { rename: { NAME: 'name_2' } }, ['name', 'name_2']],
    ['lets names change places', ['a', 'b'], { rename: { a: 'b', b: 'a' } }, ['b', 'a']],
    [
      'leads to a declared column',
      ['Kunde'],
      { declared: ['customer'], rename: { Kunde: 'customer' } },
      ['customer'],
    ],
    ['goes before a declared column', ['id'], { declared: ['id'], rename: { id: 'old_id' } }, ['old_id']],
    [
      'leaves a declared column in its spelling',
      ['old_name'],
      { declared: ['old_name'], rename: { 'Old Name': 'x' } },
      ['old_name'],
    ],
    ['may name what no file has', ['a'], { rename: { b: 'c' } }, ['a']],
    ['of a sign means no other sign', ['a', 'b'], { rename: { '%': 'c', '': 'd' } }, ['a', 'b']],
    ['of names of the language', ['toString', 'a'], { rename: { a: 'b' } }, ['to_string', 'b']],
  ];
  it.each(cases)('%s', (_name, sources, rest, expected) => {
    expect(named(sources, rest)).toEqual(expected);
  });

  it('of a sign means no other sign in a file without it', () => {
    expect(() => named(['$'], { rename: { '%': 'percent' } })).toThrow('got "$"');
  });
});

describe('every name', () => {
  it('stays as it is when it is normalised again, and two of one file never become one', () => {
    const word = string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
    const law = property(uniqueArray(word, { minLength: 1, maxLength: 5 }), (sources) => {
      const names = sources.map(snakeCase).filter((name) => name !== '' && !/[^\p{L}\p{N}_]/u.test(name));
      for (const name of names)
        expect([name, `_${name}`]).toContain(snakeCase(name).replace(/^(?=\p{N})/u, '_'));
      try {
        const taken = named(sources);
        expect(new Set(taken.map((name) => name.toLowerCase())).size).toBe(sources.length);
        for (const name of taken) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
      } catch (error) {
        expect((error as { code?: string }).code).toBe('COLUMN_NAME');
      }
    });
    assert(law, { numRuns: 500 });
  });
});
