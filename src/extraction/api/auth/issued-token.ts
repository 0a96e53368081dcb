import type { TokenPlace } from '../../../config-history/api-source-config.js';
import type { ApiRequest } from '../api-request.js';
import type { AuthContext, Authenticator } from './authenticator.js';
import { placeToken } from './place-token.js';
import { type IssuedToken, TokenCache } from './token-cache.js';

/** Puts a token that has to be got or made into every request, and another one when it ends or is refused. */
export function createIssuedToken(
  issue: () => Promise<IssuedToken>,
  place: TokenPlace,
  context: Pick<AuthContext, 'hide' | 'now'>,
): Authenticator {
  const signedWith = new WeakMap<ApiRequest, string>();
  const tokens = new TokenCache(
    async () => {
      const issued = await issue();
      context.hide(issued.token);
      return issued;
    },
    () => context.now(),
  );
  return {
    async sign(request) {
      const token = await tokens.get();
      const signed = placeToken(request, place, token);
      signedWith.set(signed, token);
      return signed;
    },
    async renew(signed) {
      const token = signedWith.get(signed);
      return token !== undefined && tokens.refuse(token);
    },
  };
}
