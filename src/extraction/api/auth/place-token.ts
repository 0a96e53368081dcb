import type { TokenPlace } from '../../../config-history/api-source-config.js';
import { ApiRefused } from '../api-errors.js';
import type { ApiRequest } from '../api-request.js';
import { placeValue } from '../place-value.js';

/** Where most tokens go (RFC 6750, 2.1). */
export const BEARER: TokenPlace = { in: 'header', name: 'authorization', prefix: 'Bearer ' };

/** A copy of the request with a token in its place. Throws ApiRefused, which does not show it, when it cannot stand there. */
export function placeToken(request: ApiRequest, place: TokenPlace, token: string): ApiRequest {
  if (token.trim() === '') {
    throw new ApiRefused(
      'AUTH_UNFIT',
      `token for the ${place.in} ${place.name}: expected a text, got a blank one`,
    );
  }
  return placeValue(request, place, place.prefix + token);
}
