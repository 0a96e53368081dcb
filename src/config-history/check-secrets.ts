import type { Fault } from './fault.js';
import { parseBaseUrl } from './parse-base-url.js';
import { isSecretName, looksLikeCredentials, type NamedPlace } from './secret-names.js';
import type { ApiSourceShape } from './shape/api-source-shape.js';
import { LoginAuthShape } from './shape/auth-shape.js';
import { ClientCredentialsAuthShape, RefreshTokenAuthShape } from './shape/oauth-shape.js';
import { isPlainMap } from './shape/key.js';
import { hasVariable } from './variables.js';

type Path = (string | number)[];

/**
 * Finds secrets that stand in the config itself, by the names they go under, so that none is ever stored. The rules of
 * `auth` see to its own keys.
 */
export function checkSecrets(source: ApiSourceShape, path: Path): Fault[] {
  return [
    ...checkUrl(source.url, [...path, 'url']),
    ...checkMap(source.headers, 'header', [...path, 'headers']),
    ...checkMap(source.query, 'query', [...path, 'query']),
    ...checkMap(source.body, 'body', [...path, 'body']),
    ...checkAuthRequest(source.auth, [...path, 'auth']),
  ];
}

function checkAuthRequest(auth: unknown, path: Path): Fault[] {
  if (auth instanceof LoginAuthShape) {
    return [
      ...checkUrl(auth.url, [...path, 'url']),
      ...checkMap(auth.headers, 'header', [...path, 'headers']),
      ...checkMap(auth.body, 'form', [...path, 'body']),
    ];
  }
  if (!(auth instanceof ClientCredentialsAuthShape) && !(auth instanceof RefreshTokenAuthShape)) return [];
  return [
    ...checkUrl(auth.token_url, [...path, 'token_url']),
    ...checkMap(auth.params, 'form', [...path, 'params']),
  ];
}

function checkUrl(url: unknown, path: Path): Fault[] {
  const query =
    typeof url === 'string' && 'url' in parseBaseUrl(url) ? /\?([^#]*)/.exec(url)?.[1] : undefined;
  return (query ?? '')
    .split('&')
    .map((pair) => /^([^=]*)=?(.*)$/s.exec(pair)!)
    .filter(([, name, value]) => isSecretName(decode(name!), 'query') && isLiteral(value))
    .slice(0, 1)
    .map(() => refuse('a text', path));
}

function decode(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function checkMap(map: unknown, place: NamedPlace, path: Path): Fault[] {
  if (Array.isArray(map)) return map.flatMap((item, index) => checkMap(item, place, [...path, index]));
  if (!isPlainMap(map)) return [];
  return Object.entries(map).flatMap(([name, value]) => {
    const at = [...path, name];
    if (isSecretName(name, place)) return findLiterals(value, at);
    if (place === 'header' && typeof value === 'string' && looksLikeCredentials(value)) {
      return findLiterals(value, at);
    }
    return checkMap(value, place, at);
  });
}

function findLiterals(value: unknown, path: Path): Fault[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => findLiterals(item, [...path, index]));
  if (isPlainMap(value)) {
    return Object.entries(value).flatMap(([name, item]) => findLiterals(item, [...path, name]));
  }
  if (!isLiteral(value)) return [];
  return [refuse(typeof value === 'string' ? 'a text' : 'a number', path)];
}

/** Neither empty nor taken from elsewhere: from a variable, a parent, a cursor. */
function isLiteral(value: unknown): boolean {
  if (typeof value === 'number') return true;
  if (typeof value !== 'string' || value.trim() === '') return false;
  return !hasVariable(value) && !/^\{(?:parent|cursor)\.[^{}]+\}$/.test(value.trim());
}

function refuse(kind: string, path: Path): Fault {
  const message = `expected a variable such as \${API_TOKEN}, for secrets come from variables only, got ${kind} that is not shown`;
  return { path, message };
}
