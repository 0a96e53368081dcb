import { Key } from './key.js';
import { PLACE_NAME, PREFIX } from './request-rules.js';
import { oneOf } from './rules.js';

/** What `type` says in each kind of authentication. */
export const PROOF = 'How the source proves who asks.';

/** Where a token goes in a request. */
export class TokenPlaceShape {
  @Key(oneOf(['header', 'query', 'cookie']), { description: 'Where it goes.', default: 'header' })
  in?: 'header' | 'query' | 'cookie';

  @Key(PLACE_NAME, { description: 'Name of the header, parameter or cookie.', examples: ['X-API-Key'] })
  name?: string;

  @Key(PREFIX, { description: 'Put before it, with nothing between.', examples: ['Token '] })
  prefix?: string;
}
