import { describe, expect, it } from '@jest/globals';
import type { ApiSourceConfig } from '../../../config-history/api-source-config.js';
import { collectSecrets } from './collect-secrets.js';

const KEY = 'sk_live_0123456789abcdefXYZ';

describe('collectSecrets', () => {
  it.each<{ name: string; source: Partial<ApiSourceConfig>; secrets: string[] }>([
    { name: 'nothing', source: {}, secrets: [] },
    { name: 'a header', source: { headers: { apikey: 'abc' } }, secrets: ['abc', 'abc'] },
    { name: 'a scheme', source: { headers: { 'x-auth': 'Token abc' } }, secrets: ['Token abc', 'abc'] },
    {
      name: 'plain headers',
      source: {
        headers: {
          Accept: 'text/csv',
          'User-Agent': 'me',
          Prefer: 'count=exact',
          'X-GitHub-Api-Version': '1',
        },
      },
      secrets: [],
    },
    {
      name: 'the query by name',
      source: { query: { api_key: 'abc', page: '1', token: ['d', 'e'] } },
      secrets: ['abc', 'd', 'e'],
    },
    {
      name: 'the query by looks',
      source: { query: { k: KEY, fields: 'id,name,created_at_2024_01_01' } },
      secrets: [KEY],
    },
    {
      name: 'the URL',
      source: { url: 'https://u:p%40ss@a.example/x?key=abc&since=2024-01-01T00:00:00Z' },
      secrets: ['p@ss', 'abc'],
    },
    {
      name: 'the path',
      source: { url: 'https://a.example/bot12345678:AAabc-def_ghijk/orders/{parent.id}/v2' },
      secrets: ['bot12345678:AAabc-def_ghijk'],
    },
    {
      name: 'the body',
      source: { body: { auth: { password: 'abc', mode: 'x' }, keys: [KEY], pin: 1234, first: 100 } },
      secrets: ['abc', KEY, '1234'],
    },
  ])('$name', ({ source, secrets }) => {
    const whole = { url: 'https://a.example/x', headers: {}, query: {}, body: null, ...source };
    expect(collectSecrets(whole as ApiSourceConfig)).toEqual(secrets);
  });
});
