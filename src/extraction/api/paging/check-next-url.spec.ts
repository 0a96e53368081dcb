import { describe, expect, it } from '@jest/globals';
import { seePage } from '../../../../test/walk-pages.js';
import type { ApiAuth } from '../../../config-history/api-source-config.js';
import { PagingFailed } from '../api-errors.js';
import { checkNextUrl } from './check-next-url.js';
import type { PagingBase } from './paging-base.js';

const base = (part: Partial<PagingBase> = {}): PagingBase => ({
  url: 'https://api.example.com/v1/items/{parent.id}',
  method: 'GET',
  origins: [],
  records: '$.items',
  auth: { type: 'none' },
  ...part,
});
const page = seePage({ body: '{}' }, { url: 'https://api.example.com/v1/items/?page=1&key=s3cret' });
const key = (name: string): ApiAuth => ({
  type: 'api_key',
  key: 's3cret',
  place: { in: 'query', name, prefix: '' },
});

describe('checkNextUrl', () => {
  it.each<[string, string]>([
    ['https://api.example.com/v1/items/?page=2', 'https://api.example.com/v1/items/?page=2'],
    ['https://API.example.com:443/x', 'https://api.example.com/x'],
    ['/services/data/v60.0/query/01g-2000', 'https://api.example.com/services/data/v60.0/query/01g-2000'],
    ['?page=2', 'https://api.example.com/v1/items/?page=2'],
    ['../orders?a=%2F&b=x+y', 'https://api.example.com/v1/orders?a=%2F&b=x+y'],
    ['next', 'https://api.example.com/v1/items/next'],
    ['?page=2#top', 'https://api.example.com/v1/items/?page=2'],
    [' \t?page=2\n', 'https://api.example.com/v1/items/?page=2'],
  ])('takes %j', (reference, expected) => {
    expect(checkNextUrl(reference, page, base())).toBe(expected);
  });

  it.each<[string, string]>([
    ['https://evil.example.net/items', 'at https://evil.example.net;'],
    ['https://api.example.com.evil.net/', 'at https://api.example.com.evil.net;'],
    ['https://api.example.com./', 'at https://api.example.com.;'],
    ['https://api.example.com:8443/', 'at https://api.example.com:8443;'],
    ['http://api.example.com/items', 'at http://api.example.com;'],
    ['//evil.example.net/items', 'at https://evil.example.net;'],
    ['\\\\evil.example.net\\items', 'at https://evil.example.net;'],
    ['/\t/evil.example.net', 'at https://evil.example.net;'],
    ['http://169.254.169.254/latest/meta-data', 'at http://169.254.169.254;'],
    ['http://2852039166/', 'at http://169.254.169.254;'],
    ['file:///etc/passwd', 'a file: URL'],
    ['javascript:alert(1)', 'a javascript: URL'],
    ['java\nscript:alert(1)', 'a javascript: URL'],
    ['data:application/json,{}', 'a data: URL'],
    ['ftp://api.example.com/x', 'a ftp: URL'],
    ['blob:https://api.example.com/x', 'a blob: URL'],
    ['https://api.example.com@evil.example.net/', 'a URL with a user name in it'],
    ['https://user:s3cret@api.example.com/', 'a URL with a user name in it'],
    ['https://:s3cret@api.example.com/', 'a URL with a user name in it'],
    ['https://', 'something that is no URL'],
    ['https://[::1', 'something that is no URL'],
    [`?${'x'.repeat(20_000)}`, 'something that is no URL'],
  ])('C11 refuses %j', (reference, got) => {
    const check = () => checkNextUrl(reference, page, base());
    expect(check).toThrow(PagingFailed);
    expect(check).toThrow(`next page: expected a URL at https://api.example.com, got `);
    expect(check).toThrow(got);
    expect(check).toThrow(/^(?!.*s3cret)/);
  });

  it.each<[string, string[]]>([
    ['https://files.example.com/2', ['https://other.example.com', 'https://files.example.com']],
    ['http://api.example.com/2', ['http://api.example.com:80/']],
  ])('takes %s where the source lists it', (reference, origins) => {
    expect(checkNextUrl(reference, page, base({ origins }))).toBe(reference);
  });

  it.each([
    'http://files.example.com/2',
    'https://files.example.com:8443/2',
    'https://a.files.example.com/2',
  ])('refuses %s beside one that is listed', (reference) => {
    const listed = base({ origins: ['https://files.example.com', 'no origin'] });
    expect(() => checkNextUrl(reference, page, listed)).toThrow('list that under allow_origins');
  });

  it('resolves at the page, not at the source, once a redirect led elsewhere', () => {
    const moved = seePage({ body: '{}' }, { url: 'https://files.example.com/a/b?c' });
    expect(checkNextUrl('d', moved, base({ origins: ['https://files.example.com'] }))).toBe(
      'https://files.example.com/a/d',
    );
    expect(() => checkNextUrl('d', moved, base())).toThrow('at https://files.example.com;');
  });

  it('leaves out parameters that hold credentials', () => {
    const auth = key('key');
    expect(checkNextUrl('?key=s3cret&page=2&%6bey=s3cret', page, base({ auth }))).toBe(
      'https://api.example.com/v1/items/?page=2',
    );
  });
});
