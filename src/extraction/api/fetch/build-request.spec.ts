import { describe, expect, it } from '@jest/globals';
import { apiSource } from '../../../../test/api-source.js';
import type { ApiSourceConfig } from '../../../config-history/api-source-config.js';
import { buildRequest } from './build-request.js';

const NOTHING = { parent: null, cursor: null };
const cursorAt = (place: NonNullable<ApiSourceConfig['cursor']>['place']): ApiSourceConfig['cursor'] => ({
  field: 'at',
  place,
  endPlace: { in: 'query', name: 'until' },
  start: null,
  lookback: 0,
  format: 'auto',
  stepSeconds: null,
});

describe('buildRequest', () => {
  it.each<[string, string, string]>([
    ['http://h/users/{parent.id}/x', 'a b', 'http://h/users/a%20b/x'],
    ['http://h/users/{parent.id}/x', '../../admin', 'http://h/users/..%2F..%2Fadmin/x'],
    ['http://h/users/{parent.id}/x', 'a?b#c', 'http://h/users/a%3Fb%23c/x'],
    ['http://h/users/v{parent.id}', '..', 'http://h/users/v..'],
    ['http://h/users/{parent.id}', '%2e%2e', 'http://h/users/%252e%252e'],
    ['http://h/x?id={parent.id}&y=1', 'a&b=c', 'http://h/x?id=a%26b%3Dc&y=1'],
    ['http://h/x?id={parent.id}', '', 'http://h/x?id='],
    ['http://h/x?id={parent.other}&z={cursor.start}', '1', 'http://h/x?id={parent.other}&z={cursor.start}'],
    ['http://h/{id}/x', '1', 'http://h/{id}/x'],
  ])('fills %s with %j', (url, id, expected) => {
    expect(buildRequest(apiSource({ url }), { parent: { id }, cursor: null }).url).toBe(expected);
  });

  it.each([
    ['http://h/users/{parent.id}/x', '..', '".." in the path'],
    ['http://h/users/{parent.id}{parent.id}', '.', '".." in the path'],
    ['http://h/users/{parent.id}', '', 'empty in the path'],
    ['http://{parent.id}/x', 'evil.example', 'unfit for the URL'],
    ['http://h{parent.id}/x', '.evil.example', 'unfit for the URL'],
    ['http://h:{parent.id}/x', '81', 'unfit for the URL'],
  ])('does not let %s with %j lead elsewhere', (url, id, message) => {
    expect(() => buildRequest(apiSource({ url }), { parent: { id }, cursor: null })).toThrow(message);
  });

  it('adds parameters after those of the URL, in their order', () => {
    const source = apiSource({
      url: 'http://h/x?z=1',
      query: { b: ['2', '3'], a: 'a b', $skip: '{parent.id}' },
    });
    const { url } = buildRequest(source, { parent: { id: '5&6' }, cursor: null });
    expect(url).toBe('http://h/x?z=1&b=2&b=3&a=a%20b&$skip=5%266');
  });

  it('fills headers and bodies as they are', () => {
    const source = apiSource({
      method: 'POST',
      headers: { 'X-User': 'u {parent.id}' },
      body: { ids: ['{parent.id}'], since: '{cursor.start}', n: 5, text: 'id={parent.id}' },
    });
    expect(buildRequest(source, { parent: { id: '"7"' }, cursor: { start: null, end: null } })).toEqual({
      method: 'POST',
      url: 'http://127.0.0.1/records',
      headers: { 'x-user': 'u "7"' },
      body: { ids: ['"7"'], since: null, n: 5, text: 'id="7"' },
    });
  });

  it.each(['a\r\nx-evil: 1', 'a\nb', '\u{1f600}'])('puts no %j in a header', (id) => {
    const source = apiSource({ headers: { 'x-user': '{parent.id}' } });
    expect(() => buildRequest(source, { parent: { id }, cursor: null })).toThrow(
      'unfit for the header x-user',
    );
  });

  it('leaves out what names a cursor that there is not', () => {
    const source = apiSource({
      url: 'http://h/x?since={cursor.start}&a=1',
      query: { from: '{cursor.start}', to: '{cursor.end}' },
      headers: { 'x-since': '{cursor.start}' },
    });
    const empty = buildRequest(source, { parent: null, cursor: { start: null, end: null } });
    expect(empty).toMatchObject({ url: 'http://h/x?a=1', headers: {} });
    const full = buildRequest(source, { parent: null, cursor: { start: '1', end: '2' } });
    expect(full).toMatchObject({ url: 'http://h/x?since=1&a=1&from=1&to=2', headers: { 'x-since': '1' } });
  });

  it('refuses a path that needs a cursor that there is not', () => {
    const source = apiSource({ url: 'http://h/since/{cursor.start}' });
    expect(() => buildRequest(source, { parent: null, cursor: { start: null, end: null } })).toThrow(
      'url: expected cursor.start or a stored value',
    );
  });

  it.each<[ApiSourceConfig['cursor'], string, object]>([
    [
      cursorAt({ in: 'query', name: 'since' }),
      'http://127.0.0.1/records?since=2026-01-01T00:00:00%2B01:00',
      {},
    ],
    [
      cursorAt({ in: 'header', name: 'X-Since' }),
      'http://127.0.0.1/records',
      { 'x-since': '2026-01-01T00:00:00+01:00' },
    ],
    [cursorAt(null), 'http://127.0.0.1/records', {}],
  ])('puts the cursor at %j', (cursor, url, headers) => {
    const values = { parent: null, cursor: { start: '2026-01-01T00:00:00+01:00', end: null } };
    expect(buildRequest(apiSource({ cursor }), values)).toMatchObject({ url, headers });
  });

  it('puts the end of a window beside its start', () => {
    const cursor = cursorAt({ in: 'query', name: 'since' });
    const { url } = buildRequest(apiSource({ cursor }), { parent: null, cursor: { start: '1', end: '2' } });
    expect(url).toBe('http://127.0.0.1/records?since=1&until=2');
  });

  it('sends no body where there is none', () => {
    expect(buildRequest(apiSource(), NOTHING).body).toBeUndefined();
  });
});
