/** What the last word of a secret's name is: client_secret, X-Auth-Token, dbPassword. */
const LAST_WORDS = new Set(
  'password passwd passphrase pass pwd secret token jwt apikey credential credentials authorization cookie signature sig'.split(
    ' ',
  ),
);
/** Words before "token" that make it a place in a list. */
const PAGE_WORDS = new Set('page next continuation sync cursor start resume delta skip'.split(' '));
const KEYS = /(?:api|access|secret|private|auth|app|client|account|subscription|signing|license)key$/;
/** Schemes of the Authorization header with something behind, whatever the header is called. */
const SCHEME = /^\s*(?:bearer|basic|token|digest|apikey|key)\s+\S/i;

export type NamedPlace = 'header' | 'query' | 'form' | 'body';

/**
 * Whether what a request sends under this name is a secret, by all that the name says. `key` alone is one in a query and
 * in a form; a body may have such a member for anything.
 */
export function isSecretName(name: string, place: NamedPlace): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  const last = words.at(-1) ?? '';
  const before = words.at(-2) ?? '';
  if (last === 'token' && PAGE_WORDS.has(before)) return false;
  if (LAST_WORDS.has(last) || KEYS.test(words.join(''))) return true;
  if (last !== 'key') return false;
  return place === 'header' ? before !== 'idempotency' : place !== 'body' && words.length === 1;
}

/** Whether a header's text is one that goes with a secret. */
export function looksLikeCredentials(text: string): boolean {
  return SCHEME.test(text);
}
