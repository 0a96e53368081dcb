import type { ApiAuth } from '../../../config-history/api-source-config.js';
import type { AuthContext, Authenticator } from './authenticator.js';
import { createFixedToken } from './fixed-token.js';

type ApiKeyAuth = Extract<ApiAuth, { type: 'api_key' }>;

export function createApiKey({ key, place }: ApiKeyAuth, context: AuthContext): Authenticator {
  return createFixedToken(key, place, context);
}
