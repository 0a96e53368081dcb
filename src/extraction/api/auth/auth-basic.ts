import type { ApiAuth } from '../../../config-history/api-source-config.js';
import { ApiRefused } from '../api-errors.js';
import type { AuthContext, Authenticator } from './authenticator.js';
import { createFixedToken } from './fixed-token.js';

type BasicAuth = Extract<ApiAuth, { type: 'basic' }>;

/** User and password in the Authorization header (RFC 7617), as UTF-8. */
export function createBasic({ user, password }: BasicAuth, context: AuthContext): Authenticator {
  // Some APIs take a key as the user, with no password.
  context.hide(password === '' ? user : password);
  // What stands before the first colon is the user.
  if (user.includes(':'))
    throw new ApiRefused('AUTH_UNFIT', 'auth.user: expected a text without a colon, got one with it');
  const token = Buffer.from(`${user}:${password}`).toString('base64');
  return createFixedToken(token, { in: 'header', name: 'authorization', prefix: 'Basic ' }, context);
}
