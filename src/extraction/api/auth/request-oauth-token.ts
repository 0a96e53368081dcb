import { ApiRefused } from '../api-errors.js';
import type { AuthContext, TokenRequest } from './authenticator.js';
import { describeKind } from './describe-kind.js';
import { hideValues } from './hide-values.js';
import { readLifetime } from './read-lifetime.js';
import { describeReason, readTokenAnswer, TokenRefused } from './read-token-answer.js';
import { originAndPath } from '../show-url.js';
import type { IssuedToken } from './token-cache.js';

/** Who asks for a token, and where. */
export interface OauthClient {
  tokenUrl: string;
  clientId: string;
  /** null: a client without one names itself in the form. */
  clientSecret: string | null;
  clientAuth: 'basic' | 'body';
  /** Further form fields. */
  params: Record<string, string>;
}

/** These need a proof with each request that we do not give (RFC 9449 and others). */
const PROVEN_TYPES = ['dpop', 'mac', 'pop'];

/**
 * Asks a token endpoint (RFC 6749, 3.2) for a bearer token. Throws TokenRefused with what the server says.
 * @param keep given a new refresh token, where there is one, before anything else can fail
 */
export async function requestOauthToken(
  client: OauthClient,
  grant: Record<string, string>,
  context: AuthContext,
  keep?: (refreshToken: string) => Promise<void>,
): Promise<IssuedToken> {
  const answer = await context.send(toRequest(client, grant));
  const body = readTokenAnswer(answer, client.tokenUrl, context);
  const { access_token, token_type, expires_in, refresh_token } = Object(body) as Record<string, unknown>;
  if (typeof refresh_token === 'string' && refresh_token !== '') {
    context.hide(refresh_token);
    await keep?.(refresh_token);
  }
  const place = context.show(originAndPath(client.tokenUrl));
  if (typeof access_token !== 'string' || access_token === '') {
    // Some servers refuse with status 200.
    const got = [describeKind(access_token), describeReason(body, context)].filter(Boolean).join(', ');
    throw new TokenRefused(`${place}: expected a text at access_token, got ${got}`, answer.status, body);
  }
  if (typeof token_type === 'string' && PROVEN_TYPES.includes(token_type.toLowerCase())) {
    throw new ApiRefused('AUTH_UNFIT', `${place}: expected token_type Bearer, got ${token_type}`);
  }
  const lifetimeMs = readLifetime(expires_in, 's');
  if (lifetimeMs === undefined) {
    const got = describeKind(expires_in);
    throw new ApiRefused('AUTH_UNREADABLE', `${place}: expected a number at expires_in, got ${got}`);
  }
  return { token: access_token, lifetimeMs };
}

/** Tells the context what of a client must not be shown. */
export function hideClient(
  { clientId, clientSecret, params }: OauthClient,
  context: Pick<AuthContext, 'hide'>,
): void {
  hideValues(params, context);
  if (clientSecret === null) return;
  context.hide(clientSecret);
  context.hide(toCredentials(clientId, clientSecret));
}

function toRequest(client: OauthClient, grant: Record<string, string>): TokenRequest {
  const { tokenUrl: url, clientId, clientSecret, clientAuth } = client;
  const headers = { accept: 'application/json' };
  if (clientSecret !== null && clientAuth === 'basic') {
    const authorization = `Basic ${toCredentials(clientId, clientSecret)}`;
    return { method: 'POST', url, headers: { ...headers, authorization }, body: { form: grant } };
  }
  const secret: Record<string, string> = clientSecret === null ? {} : { client_secret: clientSecret };
  return { method: 'POST', url, headers, body: { form: { ...grant, client_id: clientId, ...secret } } };
}

/** Both are form-encoded before they are joined (RFC 6749, 2.3.1). */
function toCredentials(clientId: string, clientSecret: string): string {
  return Buffer.from(`${encodeForm(clientId)}:${encodeForm(clientSecret)}`).toString('base64');
}

function encodeForm(text: string): string {
  return new URLSearchParams({ x: text }).toString().slice(2);
}
