import { checkHeaders, isOwnHeader } from './check-request.js';
import type { Fault } from './fault.js';
import { ApiKeyAuthShape, BasicAuthShape, LoginAuthShape } from './shape/auth-shape.js';
import { JwtAuthShape } from './shape/jwt-shape.js';
import { ClientCredentialsAuthShape, RefreshTokenAuthShape } from './shape/oauth-shape.js';
import { isPlainMap } from './shape/key.js';
import { HEADER_NAME } from './shape/request-rules.js';
import { hasVariable } from './variables.js';

type Path = (string | number)[];

/** Fields of the form that the grants set themselves. */
const GRANT_FIELDS = ['grant_type', 'client_id', 'client_secret', 'refresh_token', 'scope'];

/** Checks what the keys of `auth` mean together; the path is that of `auth`. */
export function checkAuth(auth: unknown, path: Path): Fault[] {
  if (auth instanceof BasicAuthShape) return checkBasic(auth, path);
  if (auth instanceof ApiKeyAuthShape) return checkTokenPlace(auth, path);
  if (auth instanceof LoginAuthShape) return [...checkLogin(auth, path), ...checkTokenPlace(auth, path)];
  if (auth instanceof JwtAuthShape) return [...checkJwt(auth, path), ...checkTokenPlace(auth, path)];
  if (auth instanceof ClientCredentialsAuthShape) return checkGrant(auth, path);
  if (!(auth instanceof RefreshTokenAuthShape)) return [];
  const faults = checkGrant(auth, path);
  if (auth.client_auth !== 'basic' || auth.client_secret !== undefined) return faults;
  const message = 'expected client_secret beside client_auth: basic, got nothing';
  return [...faults, { path: [...path, 'client_secret'], message, at: 'missing' }];
}

/** Where there is no password the user is the secret. */
function checkBasic(auth: BasicAuthShape, path: Path): Fault[] {
  if (auth.password !== '' || typeof auth.user !== 'string' || hasVariable(auth.user)) return [];
  const message =
    'expected a variable such as ${API_TOKEN} beside an empty password, for secrets come from variables only, got a text that is not shown';
  return [{ path: [...path, 'user'], message }];
}

function checkTokenPlace(auth: { in?: string; name?: string }, path: Path): Fault[] {
  const { name } = auth;
  if (typeof name !== 'string') return [];
  if ((auth.in ?? 'header') === 'header') return checkHeaderName(name, [...path, 'name']);
  // RFC 6265, 4.1.1.
  if (auth.in !== 'cookie' || HEADER_NAME.accepts(name)) return [];
  const message = `expected a cookie's name of letters, digits, - and _, got ${JSON.stringify(name)}`;
  return [{ path: [...path, 'name'], message }];
}

/** Checks the name of a header that a value goes to. */
export function checkHeaderName(name: string, path: Path): Fault[] {
  const message = !HEADER_NAME.accepts(name)
    ? `expected ${HEADER_NAME.expected}, got ${JSON.stringify(name)}`
    : isOwnHeader(name)
      ? `expected another header than ${name}, which the connection sets itself`
      : null;
  return message === null ? [] : [{ path, message }];
}

function checkLogin(auth: LoginAuthShape, path: Path): Fault[] {
  const faults = [
    ...checkHeaders(auth.headers, [...path, 'headers']),
    ...checkFixedUrl(auth.url, [...path, 'url']),
  ];
  const body = isPlainMap(auth.body) ? Object.entries(auth.body) : [];
  if (auth.method === 'GET' && body.length > 0) {
    faults.push({ path: [...path, 'method'], message: 'expected method: POST beside body, got GET' });
  }
  for (const [name, value] of auth.encoding === 'form' ? body : []) {
    if (typeof value !== 'object' || value === null) continue;
    const kind = Array.isArray(value) ? 'a list' : 'a map';
    faults.push({
      path: [...path, 'body', name],
      message: `expected a text, for a form has no members of members, got ${kind}`,
    });
  }
  if (auth.expires_unit !== undefined && auth.expires_in === undefined) {
    const message = 'expected expires_in beside expires_unit, got nothing';
    faults.push({ path: [...path, 'expires_in'], message, at: 'missing' });
  }
  return faults;
}

/** A token is asked for once, for all parents and windows. */
function checkFixedUrl(url: unknown, path: Path): Fault[] {
  const found = typeof url === 'string' ? /\{(?:parent|cursor)\.[^{}]*\}/.exec(url) : null;
  return found ? [{ path, message: `expected a URL without placeholders, got ${found[0]}` }] : [];
}

function checkGrant(auth: ClientCredentialsAuthShape | RefreshTokenAuthShape, path: Path): Fault[] {
  const names = isPlainMap(auth.params) ? Object.keys(auth.params) : [];
  return [
    ...checkFixedUrl(auth.token_url, [...path, 'token_url']),
    ...names
      .filter((name) => GRANT_FIELDS.includes(name))
      .map((name) => ownField('field', [...path, 'params', name])),
  ];
}

function checkJwt(auth: JwtAuthShape, path: Path): Fault[] {
  const own: [string, unknown, string[]][] = [
    ['claims', auth.claims, ['iat', 'exp']],
    ['header', auth.header, ['alg', 'typ']],
  ];
  return own.flatMap(([key, map, names]) =>
    names
      .filter((name) => isPlainMap(map) && Object.hasOwn(map, name))
      .map((name) => ownField(key === 'claims' ? 'claim' : 'member', [...path, key, name])),
  );
}

function ownField(kind: string, path: Path): Fault {
  return {
    path,
    message: `expected another ${kind} than ${path.at(-1)}, which Millrace sets itself`,
    at: 'key',
  };
}
