import type { RefreshTokenAuth } from '../../../config-history/api-source-config.js';
import type { AuthContext, Authenticator } from './authenticator.js';
import { createIssuedToken } from './issued-token.js';
import { BEARER } from './place-token.js';
import { TokenRefused } from './read-token-answer.js';
import { hideClient, requestOauthToken } from './request-oauth-token.js';
import type { IssuedToken } from './token-cache.js';

/**
 * OAuth 2.0 with a refresh token (RFC 6749, 6). A server may take each only once and give a new one with the answer, which
 * is kept before the answer is used. One hole is left: when that answer never arrives, the new token is lost, and the
 * config needs another.
 */
export function createRefreshToken(auth: RefreshTokenAuth, context: AuthContext): Authenticator {
  hideClient(auth, context);
  context.hide(auth.refreshToken);
  return createIssuedToken(() => refresh(auth, context), BEARER, context);
}

async function refresh(auth: RefreshTokenAuth, context: AuthContext): Promise<IssuedToken> {
  let tried: string | null = null;
  const attempt = (failure: unknown) =>
    context.tokens.exclusively(
      auth,
      async (stored, keep) => {
        const current = stored ?? auth.refreshToken;
        if (current === tried) throw failure;
        tried = current;
        context.hide(current);
        const keepNew = async (token: string) => (token === current ? undefined : keep(token));
        return requestOauthToken(auth, toGrant(auth, current), context, keepNew);
      },
      context.signal,
    );
  try {
    return await attempt(null);
  } catch (error) {
    if (!(error instanceof TokenRefused && error.isInvalidGrant)) throw error;
    // Whoever took the token from us, as can be when the database was away, has kept a newer one.
    return await attempt(error);
  }
}

function toGrant({ scope, params }: RefreshTokenAuth, token: string): Record<string, string> {
  return {
    grant_type: 'refresh_token',
    ...(scope === null ? {} : { scope }),
    ...params,
    refresh_token: token,
  };
}
