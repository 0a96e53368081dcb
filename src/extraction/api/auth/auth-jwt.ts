import { createPrivateKey, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import type { JwtAuth } from '../../../config-history/api-source-config.js';
import { ApiRefused } from '../api-errors.js';
import type { AuthContext, Authenticator } from './authenticator.js';
import { createIssuedToken } from './issued-token.js';
import type { IssuedToken } from './token-cache.js';

/** A JWT that we sign ourselves (RFC 7519), valid from now for its lifetime. */
export function createJwt(auth: JwtAuth, context: AuthContext): Authenticator {
  context.hide(auth.key);
  const key = readKey(auth);
  return createIssuedToken(() => signJwt(auth, key, context.now()), auth.place, context);
}

async function signJwt(auth: JwtAuth, key: KeyObject | Uint8Array, now: number): Promise<IssuedToken> {
  const issuedAt = Math.floor(now / 1000);
  const token = await new SignJWT(auth.claims)
    .setProtectedHeader({ ...auth.header, alg: auth.algorithm, typ: 'JWT' })
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + auth.lifetimeSeconds)
    .sign(key);
  return { token, lifetimeMs: auth.lifetimeSeconds * 1000 };
}

function readKey({ algorithm, key }: JwtAuth): KeyObject | Uint8Array {
  if (algorithm === 'HS256') {
    if (key === '') throw unfit('a secret for HS256', 'an empty text');
    return new TextEncoder().encode(key);
  }
  const parsed = readPem(key, algorithm);
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = parsed;
  if (algorithm === 'RS256') {
    if (type !== 'rsa') throw unfit('an RSA private key for RS256', `one of type ${type}`);
    // RFC 7518, 3.3.
    if ((details?.modulusLength ?? 0) < 2048)
      throw unfit('2048 bits or more', `a key of ${details?.modulusLength}`);
  } else if (type !== 'ec' || details?.namedCurve !== 'prime256v1') {
    throw unfit('a private key on the curve P-256 for ES256', `one of type ${details?.namedCurve ?? type}`);
  }
  return parsed;
}

/** A PEM from an environment variable often has its line breaks as `\n`, two characters. */
function readPem(key: string, algorithm: string): KeyObject {
  const pem = key.replaceAll(/\\r|\\n/g, (mark) => (mark === '\\n' ? '\n' : '')).trim();
  if (pem.includes('ENCRYPTED')) throw unfit('a key without a passphrase', 'an encrypted one');
  try {
    return createPrivateKey(pem);
  } catch {
    // What OpenSSL says helps nobody, and might show a piece of the key.
    const got = pem.includes('PUBLIC KEY') ? 'a public key' : 'something else';
    throw unfit(`a private key as PEM (PKCS #8, PKCS #1 or SEC1) for ${algorithm}`, got);
  }
}

function unfit(expected: string, got: string): ApiRefused {
  return new ApiRefused('AUTH_UNFIT', `auth.key: expected ${expected}, got ${got}`);
}
