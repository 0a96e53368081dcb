import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { jwtVerify } from 'jose';
import type { JwtAuth } from '../../../config-history/api-source-config.js';
import { createContext } from '../../../../test/token-server.js';
import { createAuthenticator } from './authenticators.js';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = (pair: typeof rsa, type: 'pkcs8' | 'pkcs1' | 'sec1') =>
  pair.privateKey.export({ type, format: 'pem' } as { type: 'pkcs8'; format: 'pem' }).toString();
const oneLine = (text: string) => text.replaceAll('\n', '\\n');
const SECRET = 'a secret of thirty-two bytes, or so';

const newAuth = (part: Partial<JwtAuth>): JwtAuth => ({
  type: 'jwt',
  algorithm: 'HS256',
  key: SECRET,
  claims: { iss: 'millrace', sub: 'ann' },
  header: {},
  lifetimeSeconds: 600,
  place: { in: 'header', name: 'authorization', prefix: 'Bearer ' },
  ...part,
});
const request = { method: 'GET', url: 'https://api.example.com/', headers: {} } as const;

async function sign(part: Partial<JwtAuth>) {
  const context = createContext();
  const { headers } = await createAuthenticator(newAuth(part), context).sign(request);
  return { context, token: headers['authorization']?.replace('Bearer ', '') ?? '' };
}

describe('a signed JWT', () => {
  const rsaKey = createPublicKey(rsa.privateKey);
  const ecKey = createPublicKey(ec.privateKey);

  it.each([
    { name: 'HS256', part: {}, key: new TextEncoder().encode(SECRET) },
    { name: 'RS256, PKCS #8', part: { algorithm: 'RS256', key: pem(rsa, 'pkcs8') }, key: rsaKey },
    { name: 'RS256, PKCS #1', part: { algorithm: 'RS256', key: pem(rsa, 'pkcs1') }, key: rsaKey },
    { name: 'ES256, PKCS #8', part: { algorithm: 'ES256', key: pem(ec, 'pkcs8') }, key: ecKey },
    { name: 'ES256, SEC1', part: { algorithm: 'ES256', key: pem(ec, 'sec1') }, key: ecKey },
    { name: 'a PEM on one line', part: { algorithm: 'RS256', key: oneLine(pem(rsa, 'pkcs1')) }, key: rsaKey },
    {
      name: 'a PEM from Windows on one line',
      part: { algorithm: 'ES256', key: pem(ec, 'sec1').replaceAll('\n', '\\r\\n') },
      key: ecKey,
    },
  ])('by $name', async ({ part, key }) => {
    const { context, token } = await sign({ header: { kid: 'k1' }, ...(part as Partial<JwtAuth>) });
    const currentDate = new Date(context.time);
    const { payload, protectedHeader } = await jwtVerify(token, key, { currentDate, issuer: 'millrace' });
    const iat = context.time / 1000;
    expect(payload).toEqual({ iss: 'millrace', sub: 'ann', iat, exp: iat + 600 });
    expect(protectedHeader).toEqual({ alg: part.algorithm ?? 'HS256', typ: 'JWT', kid: 'k1' });
    const tampered = `${token.slice(0, -6)}AAAAAA`;
    await expect(jwtVerify(tampered, key, { currentDate })).rejects.toThrow('signature verification failed');
  });

  it('is made anew shortly before its end and when it is refused', async () => {
    const context = createContext();
    const authenticator = createAuthenticator(newAuth({}), context);
    const first = await authenticator.sign(request);
    context.time += 569_000;
    expect((await authenticator.sign(request)).headers).toEqual(first.headers);
    context.time += 1_000;
    const second = await authenticator.sign(request);
    expect(second.headers).not.toEqual(first.headers);
    context.time += 1_000;
    expect(await authenticator.renew(second)).toBe(true);
    const third = await authenticator.sign(request);
    expect(third.headers).not.toEqual(second.headers);
    expect(await authenticator.renew(third)).toBe(false);
  });

  it('and its key are hidden', async () => {
    const { context, token } = await sign({});
    expect([...context.hidden]).toEqual([SECRET, token]);
  });
});

describe('a key that does not fit', () => {
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const other = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const secret = pem(rsa, 'pkcs8');
  const encrypted = rsa.privateKey.export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'x',
  });

  it.each([
    ['a secret for HS256, got an empty text', { algorithm: 'HS256', key: '' }],
    ['(PKCS #8, PKCS #1 or SEC1) for RS256, got something else', { algorithm: 'RS256', key: 'secret' }],
    ['for RS256, got something else', { algorithm: 'RS256', key: secret.slice(0, 400) }],
    [
      'for ES256, got a public key',
      { algorithm: 'ES256', key: ec.publicKey.export({ type: 'spki', format: 'pem' }) },
    ],
    ['a key without a passphrase', { algorithm: 'RS256', key: encrypted }],
    ['2048 bits or more, got a key of 1024', { algorithm: 'RS256', key: pem(small, 'pkcs8') }],
    ['an RSA private key for RS256, got one of type ec', { algorithm: 'RS256', key: pem(ec, 'pkcs8') }],
    ['on the curve P-256 for ES256, got one of type rsa', { algorithm: 'ES256', key: secret }],
    [
      'on the curve P-256 for ES256, got one of type secp384r1',
      { algorithm: 'ES256', key: pem(other, 'sec1') },
    ],
  ])('expected %s', (message, part) => {
    const create = () => createAuthenticator(newAuth(part as Partial<JwtAuth>), createContext());
    expect(create).toThrow(
      expect.objectContaining({ name: 'ApiRefused', message: expect.stringContaining(message) }),
    );
  });
});
