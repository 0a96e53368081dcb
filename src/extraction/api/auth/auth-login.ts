import type { LoginAuth } from '../../../config-history/api-source-config.js';
import { ApiRefused } from '../api-errors.js';
import type { AuthContext, Authenticator, TokenRequest } from './authenticator.js';
import { describeKind } from './describe-kind.js';
import { hideValues } from './hide-values.js';
import { createIssuedToken } from './issued-token.js';
import { compilePath, type FindValues } from '../json-path.js';
import { isRawNumber, rawText } from '../parse-json.js';
import { readLifetime } from './read-lifetime.js';
import { describeReason, readTokenAnswer } from './read-token-answer.js';
import { originAndPath } from '../show-url.js';
import type { IssuedToken } from './token-cache.js';

const MAX_NAMES = 20;

/** One request, with user and password in most cases, whose answer holds a token. */
export function createLogin(auth: LoginAuth, context: AuthContext): Authenticator {
  hideValues(auth.body, context);
  hideValues(auth.headers, context);
  const findToken = compilePath(auth.token);
  const findLifetime = auth.expiresIn === null ? null : compilePath(auth.expiresIn);
  const login = async (): Promise<IssuedToken> => {
    const body = readTokenAnswer(await context.send(toRequest(auth)), auth.url, context);
    return {
      token: readToken(body, findToken, auth, context),
      lifetimeMs: readExpiry(body, findLifetime, auth, context),
    };
  };
  return createIssuedToken(login, auth.place, context);
}

function toRequest({ method, url, headers, body, encoding }: LoginAuth): TokenRequest {
  const request: TokenRequest = {
    method,
    url,
    headers: { accept: 'application/json', ...lowerNames(headers) },
  };
  if (Object.keys(body).length === 0) return request;
  return { ...request, body: encoding === 'json' ? { json: body } : { form: toForm(body) } };
}

function lowerNames(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function toForm(body: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => [name, value === null ? '' : rawText(value)]),
  );
}

function readToken(body: unknown, find: FindValues, auth: LoginAuth, context: AuthContext): string {
  const [token] = find(body);
  if (typeof token === 'string' && token !== '') return token;
  if (typeof token === 'number' || isRawNumber(token)) return rawText(token);
  const place = `${context.show(originAndPath(auth.url))}: expected a token at ${auth.token}, got ${describeKind(token)}`;
  const said = describeReason(body, context);
  throw new ApiRefused(
    'AUTH_TOKEN_MISSING',
    `${place}; the answer has ${context.show(describeNames(body))}${said && `, it says: ${said}`}`,
  );
}

function readExpiry(
  body: unknown,
  find: FindValues | null,
  auth: LoginAuth,
  context: AuthContext,
): number | null {
  const [told] = find?.(body) ?? [];
  const lifetimeMs = readLifetime(told, auth.expiresUnit);
  if (lifetimeMs === undefined) {
    const message = `${context.show(originAndPath(auth.url))}: expected a number at ${auth.expiresIn}, got ${describeKind(told)}`;
    throw new ApiRefused('AUTH_UNREADABLE', message);
  }
  return lifetimeMs ?? (auth.lifetimeSeconds === null ? null : auth.lifetimeSeconds * 1000);
}

/** The names of an answer's members and of theirs, never a value. */
function describeNames(body: unknown): string {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return `${describeKind(body)} only`;
  const names = Object.entries(body).flatMap(([name, value]) => [
    name,
    ...(typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.keys(value).map((inner) => `${name}.${inner}`)
      : []),
  ]);
  if (names.length === 0) return 'no members';
  const shown = names.slice(0, MAX_NAMES).map((name) => name.replaceAll(/[\p{C}\s]+/gu, ' ').slice(0, 60));
  return [...shown, ...(names.length > MAX_NAMES ? [`${names.length - MAX_NAMES} more`] : [])].join(', ');
}
