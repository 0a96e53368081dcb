import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import type { TokenOwner } from './authenticator.js';

const CIPHER = 'aes-256-gcm';
const VERSION = 'v1';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Names an owner without giving away its token. The client secret is no part of it, so that another one is noticed. */
export function digestOwner({ tokenUrl, clientId, refreshToken }: TokenOwner): string {
  return createHash('sha256')
    .update(JSON.stringify([tokenUrl, clientId, refreshToken]))
    .digest('base64url');
}

/** Encrypts a token so that only the secrets of its owner open it, and only in the owner's own row. */
export function sealToken(token: string, owner: TokenOwner): string {
  const nonce = randomBytes(NONCE_BYTES);
  const digest = digestOwner(owner);
  const cipher = createCipheriv(CIPHER, deriveKey(owner, digest), nonce).setAAD(Buffer.from(digest));
  const text = Buffer.concat([cipher.update(token, 'utf8'), cipher.final()]);
  return `${VERSION}.${Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64url')}`;
}

/** null: it was sealed by other secrets, for another owner, or has been changed. */
export function openToken(sealed: string, owner: TokenOwner): string | null {
  const [version, body = ''] = sealed.split('.');
  const bytes = Buffer.from(body, 'base64url');
  if (version !== VERSION || bytes.length < NONCE_BYTES + TAG_BYTES) return null;
  const digest = digestOwner(owner);
  const text = bytes.subarray(NONCE_BYTES + TAG_BYTES);
  const decipher = createDecipheriv(CIPHER, deriveKey(owner, digest), bytes.subarray(0, NONCE_BYTES))
    .setAAD(Buffer.from(digest))
    .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8');
  } catch {
    return null;
  }
}

function deriveKey({ refreshToken, clientSecret }: TokenOwner, salt: string): Buffer {
  const secrets = JSON.stringify([refreshToken, clientSecret]);
  return Buffer.from(hkdfSync('sha256', secrets, salt, 'millrace refresh token', 32));
}
