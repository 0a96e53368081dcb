import type { ApiAuth } from '../../../config-history/api-source-config.js';
import { createApiKey } from './auth-api-key.js';
import { createBasic } from './auth-basic.js';
import { createBearer } from './auth-bearer.js';
import { createClientCredentials } from './auth-client-credentials.js';
import { createJwt } from './auth-jwt.js';
import { createLogin } from './auth-login.js';
import { createNoAuth } from './auth-none.js';
import { createRefreshToken } from './auth-refresh-token.js';
import type { AuthContext, Authenticator } from './authenticator.js';

type Kinds = {
  [T in ApiAuth['type']]: (auth: Extract<ApiAuth, { type: T }>, context: AuthContext) => Authenticator;
};

const kinds: Kinds = {
  none: createNoAuth,
  bearer: createBearer,
  basic: createBasic,
  api_key: createApiKey,
  login: createLogin,
  oauth2_client_credentials: createClientCredentials,
  oauth2_refresh_token: createRefreshToken,
  jwt: createJwt,
};

/** The authenticator that a config asks for. Throws ApiRefused when what the config gives cannot work, such as a key. */
export function createAuthenticator(auth: ApiAuth, context: AuthContext): Authenticator {
  const create = kinds[auth.type] as (auth: ApiAuth, context: AuthContext) => Authenticator;
  return create(auth, context);
}
