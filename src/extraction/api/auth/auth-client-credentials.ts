import type { ClientCredentialsAuth } from '../../../config-history/api-source-config.js';
import type { AuthContext, Authenticator } from './authenticator.js';
import { createIssuedToken } from './issued-token.js';
import { BEARER } from './place-token.js';
import { hideClient, requestOauthToken } from './request-oauth-token.js';

/** OAuth 2.0 for a client that acts for itself (RFC 6749, 4.4). */
export function createClientCredentials(auth: ClientCredentialsAuth, context: AuthContext): Authenticator {
  hideClient(auth, context);
  const scope: Record<string, string> = auth.scope === null ? {} : { scope: auth.scope };
  const grant = { grant_type: 'client_credentials', ...scope, ...auth.params };
  return createIssuedToken(() => requestOauthToken(auth, grant, context), BEARER, context);
}
