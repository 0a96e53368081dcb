import { createHash } from 'node:crypto';
import type { ApiAuth, ApiSourceConfig } from '../config-history/api-source-config.js';
import { isSecretName, type NamedPlace } from '../config-history/secret-names.js';
import { isSecretName as isSecretField } from '../extraction/api/session/secrets.js';

/**
 * Digest of what a source asks for and as whom, apart from where it begins: another one knows nothing of how far this one was read,
 * and begins anew. What is secret does not count, for a renewed key cannot be told from that of another account.
 */
export function cursorKey(source: ApiSourceConfig): string {
  const { url, method, records, cursor } = source;
  const headers = Object.fromEntries(
    Object.entries(source.headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const asked = [
    { url, method, records, field: cursor?.field, place: cursor?.place },
    withoutSecrets(source.query, 'query'),
    withoutSecrets(source.body, 'body'),
    withoutSecrets(headers, 'header'),
    accountOf(source.auth),
  ];
  return createHash('sha256').update(JSON.stringify(asked)).digest('hex');
}

/** Who asks, as far as that is no secret. */
function accountOf(auth: ApiAuth): unknown {
  // A user without a password is a key.
  if (auth.type === 'basic') return [auth.type, auth.password === '' ? null : auth.user];
  // The key's id goes with the key.
  if (auth.type === 'jwt') return [auth.type, withoutSecrets(auth.claims, 'form')];
  return withoutSecrets(auth, 'form');
}

/** Members in the order of their names, at every depth, for the order says nothing. */
function withoutSecrets(value: unknown, place: NamedPlace): unknown {
  if (Array.isArray(value)) return value.map((each) => withoutSecrets(each, place));
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .filter(([name]) => !isSecretName(name, place) && !isSecretField(name))
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, each]) => [name, withoutSecrets(each, place)]);
}
