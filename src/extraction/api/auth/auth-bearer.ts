import type { ApiAuth } from '../../../config-history/api-source-config.js';
import type { AuthContext, Authenticator } from './authenticator.js';
import { createFixedToken } from './fixed-token.js';
import { BEARER } from './place-token.js';

type BearerAuth = Extract<ApiAuth, { type: 'bearer' }>;

export function createBearer({ token }: BearerAuth, context: AuthContext): Authenticator {
  return createFixedToken(token, BEARER, context);
}
