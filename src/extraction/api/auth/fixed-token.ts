import type { TokenPlace } from '../../../config-history/api-source-config.js';
import type { AuthContext, Authenticator } from './authenticator.js';
import { placeToken } from './place-token.js';

/** Puts the same token into every request. */
export function createFixedToken(
  token: string,
  place: TokenPlace,
  context: Pick<AuthContext, 'hide'>,
): Authenticator {
  context.hide(token);
  return {
    sign: async (request) => placeToken(request, place, token),
    renew: async () => false,
  };
}
