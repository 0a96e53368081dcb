import { describe, expect, it } from '@jest/globals';
import { type ComparedFile, compareFiles } from './compare-files.js';
import { countMissing } from './count-missing.js';

/** `name=content`, or `source/name=content`. */
function files(text: string): ComparedFile[] {
  return text.split(' ').flatMap((one) => {
    const [, source, name, content] = /^(?:(\d)\/)?(.+)=(.*)$/.exec(one) ?? [];
    if (name === undefined) return [];
    return [{ source: Number(source ?? 0), name, fingerprint: `f-${content}`, bytes: content!.length }];
  });
}

interface Case {
  name: string;
  before: string;
  now: string;
  skipped?: string;
  changes: string[];
}

const cases: Case[] = [
  { name: 'nothing, where nothing changed', before: 'a=1 b=2', now: 'a=1 b=2', changes: [] },
  { name: 'nothing, whatever the order', before: 'a=1 b=2', now: 'b=2 a=1', changes: [] },
  { name: 'all new at the first look', before: '', now: 'a=1 b=2', changes: ['new a', 'new b'] },
  { name: 'a new file', before: 'a=1', now: 'a=1 b=2', changes: ['new b'] },
  { name: 'two new files of one content', before: '', now: 'a=1 b=1', changes: ['new a', 'new b'] },
  { name: 'a modified file of the same size', before: 'a=1', now: 'a=2', changes: ['modified a'] },
  { name: 'a file that became shorter', before: 'a=12', now: 'a=1', changes: ['modified a'] },
  { name: 'a file that became longer', before: 'a=1', now: 'a=12', changes: ['modified a, was 1 long'] },
  { name: 'an empty file that was filled', before: 'a=', now: 'a=1', changes: ['modified a'] },
  { name: 'a renamed file', before: 'a=1', now: 'b=1', changes: ['renamed b from a'] },
  { name: 'a copied file', before: 'a=1', now: 'a=1 b=1', changes: ['copied b from a'] },
  { name: 'a deleted file', before: 'a=1 b=2', now: 'a=1', changes: ['deleted b'] },
  { name: 'all deleted', before: 'a=1 b=2', now: '', changes: ['deleted a', 'deleted b'] },
  {
    name: 'renamed once, copied once',
    before: 'a=1',
    now: 'b=1 c=1',
    changes: ['renamed b from a', 'copied c from a'],
  },
  {
    name: 'two of one content, both renamed',
    before: 'a=1 b=1',
    now: 'c=1 d=1',
    changes: ['renamed c from a', 'renamed d from b'],
  },
  { name: 'one of two copies renamed', before: 'a=1 b=1', now: 'a=1 c=1', changes: ['renamed c from b'] },
  { name: 'one of two copies deleted', before: 'a=1 b=1', now: 'a=1', changes: ['deleted b'] },
  {
    name: 'a log that was turned over',
    before: 'log=1',
    now: 'log=2 log.1=1',
    changes: ['modified log', 'renamed log.1 from log'],
  },
  {
    name: 'two files that changed places',
    before: 'a=1 b=2',
    now: 'a=2 b=1',
    changes: ['modified a', 'modified b'],
  },
  {
    name: 'a file that was written over with a copy',
    before: 'a=1 b=2',
    now: 'a=1 b=1',
    changes: ['modified b'],
  },
  { name: 'renamed and then changed', before: 'a=1', now: 'b=2', changes: ['new b', 'deleted a'] },
  { name: 'the same name in another source', before: '0/a=1', now: '0/a=1 1/a=2', changes: ['new a'] },
  { name: 'moved to another source', before: '0/a=1', now: '1/a=1', changes: ['renamed a from a'] },
  { name: 'a skipped file is not gone', before: 'a=1 b=2', now: 'b=2', skipped: 'a=', changes: [] },
  {
    name: 'what a skipped file held counts as still there',
    before: 'a=1',
    now: 'b=1',
    skipped: 'a=',
    changes: ['copied b from a'],
  },
  {
    name: 'files in a skipped folder are not gone, those beside it are',
    before: 'sub/a=1 sub/deep/b=2 sub=3 subs/c=4 1/sub/a=5',
    now: 'd=2',
    skipped: 'sub/=',
    changes: ['copied d from sub/deep/b', 'deleted sub', 'deleted subs/c', 'deleted sub/a'],
  },
  { name: 'a skipped file that nobody knew', before: 'a=1', now: 'a=1', skipped: 'b=', changes: [] },
];

describe('compareFiles', () => {
  it.each(cases)('$name', ({ before, now, skipped = '', changes }) => {
    const found = compareFiles(files(before), files(now), files(skipped));
    const told = found.map(({ change, name, from, shorter }) => {
      return `${change} ${name}${from === null ? '' : ` from ${from}`}${shorter ? `, was ${shorter.bytes} long` : ''}`;
    });
    expect(told).toEqual(changes);
  });

  it('says nothing of a length that is not known any more', () => {
    const [difference] = compareFiles([{ ...files('a=1')[0]!, bytes: null }], files('a=12'));
    expect(difference).toMatchObject({ change: 'modified', shorter: null });
  });
});

describe('countMissing', () => {
  it.each([
    { name: 'a skipped file', skipped: 'a=', unsettled: 0, missing: 1 },
    { name: 'all in a skipped folder', skipped: 'sub/=', unsettled: 0, missing: 2 },
    { name: 'each once', skipped: 'sub/= sub/deep/=', unsettled: 0, missing: 2 },
    {
      name: 'also what is gone, while another is unsettled',
      skipped: 'sub/= new=',
      unsettled: 1,
      missing: 3,
    },
  ])('$name', ({ skipped, unsettled, missing }) => {
    const before = files('a=1 sub/b=2 sub/deep/c=3');
    const reasons = files(skipped).map(({ source, name }) => ({ source, name, reason: 'EACCES' }));
    const differences = compareFiles(before, [], reasons);
    expect(countMissing(before, { skipped: reasons, unsettled }, differences)).toBe(missing);
  });
});
