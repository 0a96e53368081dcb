import { describe, expect, it } from '@jest/globals';
import { XmlReader } from './read-xml.js';

const MOST = 1_000;

/** Writes a text in pieces of `step` and returns what was found. */
function read(text: string, step = text.length, keepsBody = false): { records: unknown[]; body: unknown } {
  const records: unknown[] = [];
  const reader = new XmlReader({
    path: ['a', 'b'],
    take: (record) => records.push(record),
    mostCharacters: MOST,
    keepsBody,
  });
  for (let at = 0; at < text.length; at += step) reader.write(text.slice(at, at + step));
  reader.finish();
  return { records, body: reader.body };
}

describe('XmlReader: what it holds', () => {
  it.each([
    ['a record', `<a><b>${'<c>0</c>'.repeat(130)}</b></a>`],
    ['a comment', `<a><!--${'x'.repeat(1_100)}`],
    ['a name', `<a><${'x'.repeat(1_100)}`],
    ['a text', `<a>${'x'.repeat(1_100)}`],
    ['an attribute', `<a x="${'x'.repeat(1_100)}`],
    ['an entity', `<a>&${'x'.repeat(1_100)}`],
    ['a DOCTYPE', `<!DOCTYPE ${'x'.repeat(1_100)}`],
    ['blanks at the start', ' '.repeat(1_100)],
  ])('refuses %s that is too long', (_name, text) => {
    expect(() => read(text, 10)).toThrow('expected at most 1000 characters for one record, got more');
  });

  it.each([
    ['in many records', `<a>${'<b>0123456789</b>'.repeat(500)}</a>`, 500],
    ['in other elements', `<a>${'<x>0123456789</x>'.repeat(500)}<b/></a>`, 1],
    ['in comments', `<a>${'<!-- 0123456789 -->'.repeat(500)}<b/></a>`, 1],
    ['in instructions', `<a>${'<?x 0123456789 ?>'.repeat(500)}<b/></a>`, 1],
  ])('goes on after more than that %s', (_name, text, count) => {
    expect(read(text, 10).records).toHaveLength(count);
  });
});

describe('XmlReader: pieces', () => {
  const text = '<a><x>1</x>\r\n<b i="é😀">1<![CDATA[2]]>&amp;</b><b><c/>\r<c/></b></a>';

  it.each([1, 2, 3, 7])('reads the same in pieces of %d', (step) => {
    expect(read(text, step, true)).toEqual({
      records: [{ i: 'é😀', '#text': '12&' }, { c: ['', ''] }],
      body: { a: { x: '1', b: [{ i: 'é😀', '#text': '12&' }, { c: ['', ''] }] } },
    });
  });
});
