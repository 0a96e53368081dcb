import { describe, expect, it } from '@jest/globals';
import { apiSource } from '../../test/api-source.js';
import type { ApiAuth, ApiCursor, ApiSourceConfig } from '../config-history/api-source-config.js';
import { cursorKey } from './cursor-key.js';

const cursor: ApiCursor = {
  field: 'at',
  place: { in: 'query', name: 'since' },
  endPlace: null,
  start: '1',
  lookback: 0,
  format: 'auto',
  stepSeconds: null,
};
const place = { in: 'header', name: 'authorization', prefix: 'Bearer ' } as const;
const login = (body: Record<string, unknown>, headers = {}): ApiAuth => ({
  type: 'login',
  url: 'https://api.example.com/login',
  method: 'POST',
  headers,
  body,
  encoding: 'json',
  token: '$.token',
  place,
  expiresIn: null,
  expiresUnit: 's',
  lifetimeSeconds: null,
});
const client = (clientId: string, clientSecret: string): ApiAuth => ({
  type: 'oauth2_client_credentials',
  tokenUrl: 'https://login.example.com/token',
  clientId,
  clientSecret,
  scope: null,
  params: {},
  clientAuth: 'basic',
});
const jwt = (key: string, kid: string, sub: string): ApiAuth => ({
  type: 'jwt',
  algorithm: 'HS256',
  key,
  claims: { sub },
  header: { kid },
  lifetimeSeconds: 60,
  place,
});
const source = apiSource({
  url: 'https://api.example.com/orders',
  headers: { accept: 'application/json', 'X-Tenant': 'a', 'X-Api-Key': 'one' },
  query: { kind: 'a', api_key: 'one' },
  auth: { type: 'bearer', token: 'one' },
  cursor,
});
const keyOf = (more: Partial<ApiSourceConfig>) => cursorKey({ ...source, ...more });

describe('cursorKey', () => {
  it.each<[string, Partial<ApiSourceConfig>]>([
    ['another token', { auth: { type: 'bearer', token: 'two' } }],
    ['another key in a header', { headers: { ...source.headers, 'X-Api-Key': 'two' } }],
    ['another key in a query', { query: { ...source.query, api_key: 'two' } }],
    [
      'headers in another order and case',
      { headers: { 'x-tenant': 'a', 'x-api-key': 'one', Accept: 'application/json' } },
    ],
    ['another start', { cursor: { ...cursor, start: '2', lookback: 5 } }],
    ['another pace', { rate: 5, parallel: 9, maxPages: 3, pagination: { type: 'auto' } }],
  ])('is the same with %s', (_name, more) => {
    expect(keyOf(more)).toBe(cursorKey(source));
  });

  it.each<[string, ApiAuth, ApiAuth]>([
    ['password of a login', login({ email: 'a', password: 'one' }), login({ email: 'a', password: 'two' })],
    [
      'anonymous key of a login',
      login({ email: 'a' }, { apikey: '1' }),
      login({ email: 'a' }, { apikey: '2' }),
    ],
    [
      'password',
      { type: 'basic', user: 'a', password: 'one' },
      { type: 'basic', user: 'a', password: 'two' },
    ],
    [
      'key as a user',
      { type: 'basic', user: 'one', password: '' },
      { type: 'basic', user: 'two', password: '' },
    ],
    ['secret of a client', client('a', 'one'), client('a', 'two')],
    ['signing key', jwt('one', '1', 'a'), jwt('two', '2', 'a')],
    ['API key', { type: 'api_key', key: 'one', place }, { type: 'api_key', key: 'two', place }],
  ])('is the same with a renewed %s', (_name, before, after) => {
    expect(keyOf({ auth: after })).toBe(keyOf({ auth: before }));
  });

  it.each<[string, Partial<ApiSourceConfig>]>([
    ['another path', { url: 'https://api.example.com/users' }],
    ['another query', { query: { kind: 'b' } }],
    ['another body', { method: 'POST', body: { kind: 'b' } }],
    ['another place of the records', { records: '$.archived' }],
    ['another tenant in a header', { headers: { ...source.headers, 'X-Tenant': 'b' } }],
    ['another way of proving who asks', { auth: { type: 'none' } }],
    ['another field', { cursor: { ...cursor, field: 'id' } }],
    ['another parameter', { cursor: { ...cursor, place: { in: 'query', name: 'from' } } }],
  ])('is another one with %s', (_name, more) => {
    expect(keyOf(more)).not.toBe(cursorKey(source));
  });

  it.each<[string, ApiAuth, ApiAuth]>([
    ['login', login({ email: 'a', password: 'one' }), login({ email: 'b', password: 'one' })],
    ['user', { type: 'basic', user: 'a', password: 'one' }, { type: 'basic', user: 'b', password: 'one' }],
    ['client', client('a', 'one'), client('b', 'one')],
    ['subject', jwt('one', '1', 'a'), jwt('one', '1', 'b')],
  ])('is another one with another %s', (_name, before, after) => {
    expect(keyOf({ auth: after })).not.toBe(keyOf({ auth: before }));
  });

  it('gives nothing away of what the source holds', () => {
    expect(cursorKey(source)).toMatch(/^[0-9a-f]{64}$/);
  });
});
