import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { TokenOwner } from './authenticator.js';
import { digestOwner, openToken, sealToken } from './seal-token.js';

const owner: TokenOwner = {
  tokenUrl: 'https://auth.example.com/token',
  clientId: 'app',
  clientSecret: 'client-secret',
  refreshToken: 'first-token',
};

describe('a sealed token', () => {
  it('opens for its owner and shows nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (token) => {
        const sealed = sealToken(token, owner);
        expect(openToken(sealed, { ...owner })).toBe(token);
        expect(token.length > 4 && sealed.includes(token)).toBe(false);
      }),
    );
  });

  it('is never the same twice', () => {
    expect(new Set(Array.from({ length: 100 }, () => sealToken('token', owner))).size).toBe(100);
  });

  it.each<Partial<TokenOwner>>([
    { clientSecret: 'other' },
    { clientSecret: null },
    { refreshToken: 'other' },
    { clientId: 'other' },
    { tokenUrl: 'https://other.example.com/token' },
  ])('does not open with %j', (other) => {
    expect(openToken(sealToken('token', owner), { ...owner, ...other })).toBeNull();
  });

  it('does not open when a byte of it was changed, at any place', () => {
    const sealed = sealToken('token', owner);
    const bytes = Buffer.from(sealed.slice(3), 'base64url');
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      expect(openToken(`v1.${changed.toString('base64url')}`, owner)).toBeNull();
    }
  });

  it.each(['', 'v1', 'v1.', 'v1.AAAA', 'v2.AAAA', 'plain-token'])('is not %j', (sealed) => {
    expect(openToken(sealed, owner)).toBeNull();
  });
});

it('an owner is told apart by URL, client and first token, not by its secret', () => {
  const others: Partial<TokenOwner>[] = [{ tokenUrl: 'x' }, { clientId: 'x' }, { refreshToken: 'x' }, {}];
  expect(new Set(others.map((other) => digestOwner({ ...owner, ...other }))).size).toBe(4);
  expect(digestOwner({ ...owner, clientSecret: 'x' })).toBe(digestOwner(owner));
  expect(digestOwner(owner)).toMatch(/^[\w-]{43}$/);
});
