import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Secrets } from './secrets.js';
import { spellSecret } from './spell-secret.js';

const KEY = 's3cr/t+"k\\é&y=';

function keeping(...texts: string[]): Secrets {
  const secrets = new Secrets();
  for (const text of texts) secrets.add(text);
  return secrets;
}

describe('hide', () => {
  it.each([
    ['as it is', KEY],
    ['in a URL', encodeURIComponent(KEY)],
    ['in a URL, in lower case', 's3cr%2ft%2b%22k%5c%c3%a9%26y%3d'],
    ['in a form', new URLSearchParams({ k: KEY }).toString().slice(2)],
    ['in JSON', JSON.stringify(KEY).slice(1, -1)],
    ['in JSON with escaped slashes', 's3cr\\/t+\\"k\\\\é&y='],
    ['in JSON without any but ASCII', 's3cr/t+\\"k\\\\\\u00e9&y='],
    ['in HTML', 's3cr/t+&quot;k\\é&amp;y='],
    ['in base64', Buffer.from(KEY).toString('base64')],
    ['in base64 for URLs', Buffer.from(KEY).toString('base64url')],
    ['in hex', Buffer.from(KEY).toString('hex')],
    ['in hex, in capitals', Buffer.from(KEY).toString('hex').toUpperCase()],
  ])('hides a secret %s', (_name, spelt) => {
    expect(keeping(KEY).hide(`got <${spelt}>, no more`)).toBe('got <***>, no more');
  });

  it.each(['', 'a', 'ab', 'abc', 'user:', 'üser:'])(
    'hides a secret that base64 spells behind "%s"',
    (before) => {
      for (const after of ['', 'x', 'xy', ':more'])
        for (const alphabet of ['base64', 'base64url'] as const) {
          const coded = Buffer.from(`${before}${KEY}${after}`).toString(alphabet);
          const shown = keeping(KEY).hide(coded);
          // The bits of its first and last character may stand in a character of a neighbour.
          expect(Buffer.from(shown.replace('***', ''), 'base64').toString('latin1')).not.toContain(
            KEY.slice(2, -2),
          );
          expect(shown).toContain('***');
          expect(shown.length).toBeLessThanOrEqual(coded.length - Math.floor((KEY.length * 4) / 3) + 6);
        }
    },
  );

  it.each([
    { name: 'inside a word', secrets: ['hunter2'], text: 'xhunter2x', shown: 'x***x' },
    { name: 'more than once', secrets: ['hunter2'], text: 'hunter2 hunter2', shown: '*** ***' },
    { name: 'one within the other', secrets: ['abcd', 'xxabcdyy'], text: 'a xxabcdyy', shown: 'a ***' },
    { name: 'two that overlap', secrets: ['abcdef', 'efghij'], text: '-abcdefghij-', shown: '-***-' },
    { name: 'two side by side', secrets: ['abcdef', 'ghijkl'], text: '-abcdefghijkl-', shown: '-***-' },
    { name: 'a short one by itself', secrets: ['7x'], text: 'pin=7x, 17x3', shown: 'pin=***, 17x3' },
    { name: 'a blank one', secrets: ['', '  '], text: 'a  b', shown: 'a  b' },
    { name: 'nothing', secrets: ['hunter2'], text: 'page 2 of 3', shown: 'page 2 of 3' },
  ])('$name', ({ secrets, text, shown }) => {
    expect(keeping(...secrets).hide(text)).toBe(shown);
  });

  it('hides a key line by line', () => {
    const lines = [
      '-----BEGIN PRIVATE KEY-----',
      'MC4CAQAwBQYDK2VwBCIEIAcd',
      'q83vEjRWeJCrze8SNFZ4kKvN',
      '-----END PRIVATE KEY-----',
    ];
    const secrets = keeping(lines.join('\n'));
    expect(secrets.hide(`bad line "${lines[2]}"`)).toBe('bad line "***"');
    expect(secrets.hide(JSON.stringify(lines.join('\n')))).toBe('"***"');
  });

  it('hides what is shared, added earlier or later', () => {
    const shared = keeping('earlier');
    const secrets = new Secrets(shared);
    secrets.add('lie');
    shared.add('later-on');
    expect(secrets.hide('earlier, later-on, lie')).toBe('***, ***, ***');
  });

  it('remembers the newest 500', () => {
    const secrets = keeping(...Array.from({ length: 501 }, (_, index) => `token-${index}-`));
    expect(secrets.hide('token-0- token-1- token-500-')).toBe('token-0- *** ***');
  });

  it('leaves no secret in any text', () => {
    const secret = fc
      .string({ minLength: 4, unit: 'binary' })
      .filter((text) => text.trim() !== '' && !/^\*+$/.test(text));
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (text, before, after) => {
        for (const spelt of spellSecret(text)) {
          if (spelt.length < 4 || '***'.includes(spelt)) continue;
          expect(keeping(text).hide(before + spelt + after)).not.toContain(spelt);
        }
      }),
    );
  });
});

describe('hideCut', () => {
  it.each([
    { text: 'wrong: hunter2', shown: 'wrong: ***' },
    { text: 'wrong: hunter', shown: 'wrong: ' },
    { text: 'wrong: h', shown: 'wrong: ' },
    { text: 'hunter2 hunter2 hun', shown: '*** *** ' },
    { text: 'wrong', shown: 'wrong' },
  ])('$text', ({ text, shown }) => {
    expect(keeping('hunter2').hideCut(text)).toBe(shown);
  });
});

describe('showUrl', () => {
  it.each([
    ['https://user:pass@a.example/x?y=1', 'https://a.example/x?y=1'],
    ['https://a.example:8443/x#hunter2', 'https://a.example:8443/x'],
    ['https://a.example/x?q=hunter2&page=2', 'https://a.example/x?q=***&page=2'],
    ['https://a.example/x?q=%68unter2', 'https://a.example/x?q=***'],
    ['https://a.example/x?q=my+hunter2', 'https://a.example/x?q=***'],
    ['https://a.example/x?hunter2=1&hunter2', 'https://a.example/x?***=1&***'],
    ['https://a.example/bot%68unter2/getMe', 'https://a.example/***/getMe'],
    [
      'https://a.example/x?api_key=other&access_token=another&fields=a,b',
      'https://a.example/x?api_key=***&access_token=***&fields=a,b',
    ],
    ['https://a.example/x?a=%20b&c=%zz', 'https://a.example/x?a=%20b&c=%zz'],
    ['https://a.example/x?page_token=abc', 'https://a.example/x?page_token=abc'],
    ['no url hunter2?x=1', 'no url ***'],
  ])('%s', (url, shown) => {
    expect(keeping('hunter2').showUrl(url)).toBe(shown);
  });
});

it('shows a place without its query', () => {
  expect(keeping('hunter2').showPlace('https://u:p@a.example/hunter2/x?y=1#z')).toBe(
    'https://a.example/***/x',
  );
});
