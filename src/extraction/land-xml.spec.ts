import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { array, assert, asyncProperty, dictionary, oneof, string, stringMatching } from 'fast-check';
import { DataFolder, type Landed, type SourceOptions } from '../../test/extraction-support.js';

let data: DataFolder;

beforeEach(() => {
  data = new DataFolder();
});

afterEach(() => data.remove());

const AUTO: SourceOptions = { csv: { encoding: 'auto' } };

async function land(content: string | Buffer, records = '$.a.b', name = 'x.xml'): Promise<Landed> {
  const landed = await data.land(name, content, { ...AUTO, records });
  const raw = readFileSync(landed.file.rawPath);
  for (const [, at, length] of landed.places) {
    expect(() => JSON.parse(raw.toString('utf8', at, at + length)) as unknown).not.toThrow();
  }
  return landed;
}

describe('landing XML: what becomes of an element', () => {
  const cases: [string, string, Record<string, unknown>][] = [
    ['text', '<b><c>1</c><d> x </d></b>', { c: '1', d: ' x ' }],
    ['nothing', '<b><c/><d></d></b>', { c: '', d: '' }],
    ['null', '<b><c xsi:nil="true"/><d xsi:nil="false">1</d></b>', { c: null, d: '1' }],
    ['attributes', '<b id="7" n="&lt;é"><c>1</c></b>', { id: '7', n: '<é', c: '1' }],
    ['attributes and text', '<b><c u="EUR">1.10</c></b>', { c: '{"u":"EUR","#text":"1.10"}' }],
    ['a record of text alone', '<b id="1">x</b>', { id: '1', '#text': 'x' }],
    ['the same name twice', '<b><c>1</c><d/><c>2</c><c>3</c></b>', { c: '["1","2","3"]', d: '' }],
    ['an attribute and an element of one name', '<b c="1"><c>2</c></b>', { c: '["1","2"]' }],
    ['elements in elements', '<b><c><d>1</d>\n <e>2</e>\n</c></b>', { c: '{"d":"1","e":"2"}' }],
    ['mixed content', '<b><c>Hello <i>you</i>!</c></b>', { c: '{"i":"you","#text":"Hello !"}' }],
    ['CDATA', '<b><c><![CDATA[<x> & ]]></c><d>a<![CDATA[ ]]>b</d></b>', { c: '<x> & ', d: 'a b' }],
    ['entities', '<b><c>&lt;&amp;&#65;&#x1F600;</c></b>', { c: '<&A😀' }],
    ['prefixes', '<b xmlns:p="urn:p" xmlns="urn:q" p:x="1"><p:c>2</p:c></b>', { 'p:x': '1', 'p:c': '2' }],
    ['comments', '<b><!-- no --><c>1<!-- no -->2</c><?p no?></b>', { c: '12' }],
    ['line ends', '<b><c>1\r\n2\r3</c></b>', { c: '1\n2\n3' }],
    ['an element called constructor', '<b><constructor>1</constructor></b>', { constructor: '1' }],
  ];

  it.each(cases)('%s', async (_name, text, expected) => {
    const { records, file, rejects } = await land(`<?xml version="1.0"?>\n<a>\n${text}</a>`);
    expect(rejects).toEqual([]);
    expect(records).toEqual([expected]);
    expect(file).toMatchObject({
      format: 'ndjson',
      columns: Object.keys(expected),
      detected: { format: 'xml', encoding: 'utf-8', delimiter: null, header: null },
    });
  });

  it('keeps objects and arrays apart from texts, and names them nested', async () => {
    const { file, records, places } = await land('<a><b><c>1</c></b>\n<b>\n<c>1</c><c>2</c></b>\n</a>');
    expect(records).toEqual([{ c: '1' }, { c: '["1","2"]' }]);
    expect(file.nested).toEqual(['c']);
    expect(places.map(([line]) => line)).toEqual([1, 2]);
  });

  it('rejects a record that cannot be columns, and lands the others', async () => {
    const { records, rejects } = await land(
      '<a><b><__proto__>1</__proto__></b>\n<b><c>1</c></b>\n<b>text</b></a>',
    );
    expect(records).toEqual([{ c: '1' }]);
    expect(rejects).toMatchObject([
      { line: 1, reason: expect.stringContaining('got the reserved name "__proto__"') },
      { line: 3, reason: 'expected an object, got a string', raw: '"text"' },
    ]);
  });
});

describe('landing XML: where the records are', () => {
  it.each([
    ['$.a.b', '<a><b><c>1</c></b><x/><b><c>2</c></b></a>', ['1', '2']],
    ['$.a', '<a><c>1</c></a>', ['1']],
    ['$.a.l.b', '<a><l><b><c>1</c></b></l><l/><l><b><c>2</c></b></l></a>', ['1', '2']],
    ['$.a.b', '<a><b><c>1</c><b>inner</b></b></a>', ['1']],
    ['$.a.b', '<a><total>0</total></a>', []],
    ['$.a.l.b', '<a><l><n>1</n></l><l><n>2</n></l></a>', []],
    ['$.a.b', '', []],
  ])('%s in %s', async (path, text, expected) => {
    const { records, rejects } = await land(text, path);
    expect(rejects).toEqual([]);
    expect(records.map(({ c }) => c)).toEqual(expected);
  });

  it('takes the document for one record at $', async () => {
    expect((await land('<a><b>1</b></a>', '$')).records).toEqual([{ a: '{"b":"1"}' }]);
  });

  it.each([
    ['$.a.books', '<a><book/><book/></a>', 'expected records at $.a.books, got elements called "book" there'],
    ['$.a.x.b', '<a><b/></a>', 'expected records at $.a.x.b, got nothing at $.a.x'],
    ['$.z', '<a><b/></a>', 'expected records at $.z, got nothing at $.z'],
  ])('refuses %s in %s', async (path, text, reason) => {
    const { records, rejects } = await land(text, path);
    expect(records).toEqual([]);
    expect(rejects).toMatchObject([{ reason }]);
  });
});

describe('landing XML: encodings', () => {
  const text = (name: string): string => `<?xml version="1.0" encoding="${name}"?><a><b><c>é€</c></b></a>`;

  it.each([
    ['as declared, ISO-8859-1', Buffer.from(text('ISO-8859-1').replace('€', ''), 'latin1'), 'é', 'latin-1'],
    [
      'as declared, windows-1252',
      Buffer.from(text('windows-1252').replace('é€', '\x80'), 'latin1'),
      '€',
      'windows-1252',
    ],
    ['a byte order mark', Buffer.from(`\ufeff${text('utf-8')}`), 'é€', 'utf-8-bom'],
    ['UTF-16 with a mark', Buffer.from(`\ufeff${text('UTF-16')}`, 'utf16le'), 'é€', 'utf-16le'],
    ['UTF-16 without one', Buffer.from(text('UTF-16'), 'utf16le'), 'é€', 'utf-16le'],
    ['none declared', Buffer.from('<a><b><c>é€</c></b></a>'), 'é€', 'utf-8'],
  ])('%s', async (_name, bytes, expected, encoding) => {
    const { records, file, rejects } = await land(bytes);
    expect(rejects).toEqual([]);
    expect(records).toEqual([{ c: expected }]);
    expect(file.detected.encoding).toBe(encoding);
  });

  it.each([
    ['an encoding that is not known', Buffer.from(text('EBCDIC-CP-US')), 'got "EBCDIC-CP-US"'],
    ['bytes that are not what is declared', Buffer.from('<a>\n<b>\xe9</b></a>', 'latin1'), 'expected UTF-8'],
  ])('refuses %s', async (_name, bytes, reason) => {
    const { records, rejects } = await land(bytes);
    expect(records).toEqual([]);
    expect(rejects).toMatchObject([{ reason: expect.stringContaining(reason) }]);
  });

  it('opens packed files', async () => {
    const { records, file } = await land(gzipSync('<a><b><c>1</c></b></a>'), '$.a.b', 'x.xml.gz');
    expect(records).toEqual([{ c: '1' }]);
    expect(file.detected).toMatchObject({ format: 'xml', compression: 'gzip' });
  });
});

describe('landing XML: what is refused whole', () => {
  const bomb = `<!DOCTYPE a [<!ENTITY x "y">${'<!ENTITY z "&x;&x;">'.repeat(9)}]><a><b><c>&z;</c></b></a>`;
  it.each([
    [
      'an open element',
      '<a>\n<b><c>1</c>\n</b>',
      'line 3, character 4: expected well-formed XML, got: unclosed tag: a',
    ],
    [
      'crossed elements',
      '<a><b>\n <c></b></c></a>',
      'line 2, character 8: expected well-formed XML, got: unexpected close tag',
    ],
    ['a text after the root', '<a/>x', 'text data outside of root node'],
    ['two roots', '<a/><a/>', 'documents may contain only one root'],
    ['an entity bomb', bomb, "expected no entities of the document's own, got <!ENTITY"],
    [
      'an external entity',
      '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a><b>&x;</b></a>',
      '<!ENTITY',
    ],
    [
      'an unknown entity',
      '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a><b>&x;</b></a>',
      'undefined entity',
    ],
    ['a control character', '<a><b>\x01</b></a>', 'disallowed character'],
    ['a doubled attribute', '<a><b x="1" x="2"/></a>', 'duplicate attribute'],
    ['HTML', '<!doctype html><html><br></html>', 'expected well-formed XML'],
    ['JSON', '{"a":1}', 'expected well-formed XML'],
    ['deep nesting', `<a>${'<b>'.repeat(300)}`, 'expected at most 256 levels of elements, got more'],
  ])('%s', async (_name, text, reason) => {
    const { records, rejects, file } = await land(text);
    expect(records).toEqual([]);
    expect(rejects).toMatchObject([{ reason: expect.stringContaining(reason) }]);
    expect(file.detected.format).toBe('xml');
  });
});

describe('landing XML: laws', () => {
  const name = stringMatching(/^[a-z][a-z0-9_.-]{0,5}(?::[a-z]{1,3})?$/).filter(
    (text) => !/^xml|^xsi:nil/.test(text),
  );
  const value = string({ unit: 'grapheme', maxLength: 20 }).map((text) =>
    // What XML cannot hold, and line ends, which it makes one kind of.
    text.replace(/[\p{Cc}\ufffe\uffff]/gu, ' ').toWellFormed(),
  );
  const record = dictionary(name, oneof(value, array(value, { minLength: 2, maxLength: 3 })), { minKeys: 1 });

  it('gives back whatever was written', async () => {
    await assert(
      asyncProperty(array(record, { maxLength: 5 }), async (records) => {
        const text = records.map((fields) => `<b>${Object.entries(fields).map(writeElement).join('\n')}</b>`);
        const landed = await land(`<a>\n${text.join('\n')}\n</a>`);
        expect(landed.records).toEqual(
          records.map((fields) =>
            Object.fromEntries(
              Object.entries(fields).map(([key, field]) => [
                key,
                Array.isArray(field) ? JSON.stringify(field) : field,
              ]),
            ),
          ),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('lands a real report', async () => {
    const require = createRequire(import.meta.url);
    const folder = dirname(require.resolve('tsconfig-paths-webpack-plugin/package.json'));
    const text = readFileSync(join(folder, 'coverage/clover.xml'), 'utf8');
    const { records, file, rejects } = await land(text, '$.coverage.project.file.line');
    expect(rejects).toEqual([]);
    expect(records).toHaveLength(text.match(/<line /g)?.length ?? 0);
    expect(records[0]).toEqual({ num: '1', count: '0', type: 'stmt' });
    expect(file.columns).toEqual(['num', 'count', 'type', 'truecount', 'falsecount']);
  });
});

function writeElement([name, value]: [string, string | string[]]): string {
  if (Array.isArray(value)) return value.map((item) => writeElement([name, item])).join('');
  return `<${name}>${value.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')}</${name}>`;
}
