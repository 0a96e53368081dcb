import { describe, expect, it } from '@jest/globals';
import { makeClientRequest } from '../../../../test/api-client.js';
import type { ClientRequest } from './client-request.js';
import { keepHome, nextHop } from './follow-redirects.js';

const HOME = 'https://api.example';
const OTHER = 'https://files.example';

const request = (changes: Partial<ClientRequest> = {}) =>
  makeClientRequest(`${HOME}/v1/items?page=1`, {
    origins: [OTHER, 'http://plain.example'],
    headers: {
      'x-api-key': 'k',
      authorization: 'a',
      cookie: 'c',
      'x-tenant': 't',
      accept: 'application/json',
    },
    credentialHeaders: ['x-api-key', 'authorization'],
    credentialParams: ['key', 'sig'],
    ...changes,
  });

describe('nextHop', () => {
  it.each([
    ['/v2/items', `${HOME}/v2/items`],
    ['items?page=2', `${HOME}/v1/items?page=2`],
    ['?page=2#part', `${HOME}/v1/items?page=2`],
    ['//api.example/x', `${HOME}/x`],
    [`${HOME}:443/x?key=k`, `${HOME}/x?key=k`],
  ])('goes to %s at home with everything', (location, url) => {
    expect(nextHop(request(), 302, location)).toEqual({ ...request(), url });
  });

  it('takes nothing of its own to another origin that is allowed', () => {
    expect(nextHop(request(), 302, `${OTHER}/x?key=k&page=2&sig=s&key=again`)).toEqual({
      ...request(),
      url: `${OTHER}/x?page=2`,
      headers: { accept: 'application/json' },
    });
  });

  it.each([
    ['?a=%20b+c&key=k&d=%2a', '?a=%20b+c&d=%2a'],
    ['?%6bey=k&a=b', '?a=b'],
    ['?a=b&key', '?a=b'],
    ['?keys=1&a=key', '?keys=1&a=key'],
    ['?key=k', ''],
    ['', ''],
  ])('takes what proves who asks out of the query %s', (query, left) => {
    expect(nextHop(request(), 302, `${OTHER}/x${query}`)?.url).toBe(`${OTHER}/x${left}`);
  });

  it('has lost it for good when it comes home again', () => {
    const away = nextHop(request(), 302, `${OTHER}/x`)!;
    expect(nextHop(away, 302, `${HOME}/x`)?.headers).toEqual({ accept: 'application/json' });
  });

  it('leaves out a plain header that proves who asks', () => {
    const signed = request({ headers: { 'user-agent': 'key' }, credentialHeaders: ['user-agent'] });
    expect(nextHop(signed, 302, `${OTHER}/x`)?.headers).toEqual({});
  });

  it.each([
    ['another origin', 'https://evil.example/x'],
    ['another port', 'https://api.example:8443/x'],
    ['a host below', 'https://api.example.evil.example/x'],
    ['a host that stands in the user', 'https://api.example@evil.example/x'],
    ['another host without protocol', '//evil.example/x'],
    ['another host by backslashes', '\\\\evil.example\\x'],
    ['the metadata address', 'http://169.254.169.254/latest/meta-data/'],
    ['no TLS at home', 'http://api.example/x'],
    ['no TLS elsewhere, though allowed', 'http://plain.example/x'],
    ['a file', 'file:///etc/passwd'],
    ['data', 'data:application/json,[]'],
    ['no URL', 'https://'],
  ])('refuses %s', (_name, location) => {
    expect(() => nextHop(request(), 302, location)).toThrow(/^https:\/\/api\.example\/v1\/items: expected /);
  });

  it('shows no query of the target', () => {
    expect(() => nextHop(request(), 302, 'https://evil.example/x?token=hidden')).toThrow(
      "https://api.example/v1/items: expected a redirect to https://api.example or to one of the source's origins, got https://evil.example/x",
    );
  });

  it('may take up TLS where that origin is allowed', () => {
    const plain = request({ url: 'http://plain.example/', home: 'http://plain.example', origins: [HOME] });
    expect(nextHop(plain, 301, `${HOME}/x`)?.url).toBe(`${HOME}/x`);
  });

  it.each([200, 204, 300, 304, 305, 306, 404])('does not follow %i', (status) => {
    expect(nextHop(request(), status, '/x')).toBeNull();
  });

  it('does not follow nothing', () => {
    expect(nextHop(request(), 302, undefined)).toBeNull();
  });

  const post = request({
    method: 'POST',
    body: '{"password":"p"}',
    headers: { 'content-type': 'application/json', 'x-api-key': 'k' },
  });

  it.each([301, 302, 303])('makes a GET of a POST at %i', (status) => {
    const expected = { method: 'GET', body: undefined, headers: { 'x-api-key': 'k' } };
    expect(nextHop(post, status, '/x')).toMatchObject(expected);
    expect(nextHop(post, status, '/x')?.headers).toEqual(expected.headers);
  });

  it.each([307, 308])('sends the body again at %i', (status) => {
    expect(nextHop(post, status, '/x')).toEqual({ ...post, url: `${HOME}/x` });
  });

  it.each([307, 308])('does not send the body to another origin at %i', (status) => {
    expect(() => nextHop(post, status, `${OTHER}/x`)).toThrow('because the request has a body');
  });
});

describe('keepHome', () => {
  it('changes nothing at home', () => {
    expect(keepHome(request())).toEqual(request());
  });

  it('takes off what belongs to home from a first request elsewhere', () => {
    const away = keepHome(request({ url: `${OTHER}/x?key=k&a=b` }));
    expect(away).toMatchObject({ url: `${OTHER}/x?a=b` });
    expect(away.headers).toEqual({ accept: 'application/json' });
  });
});
