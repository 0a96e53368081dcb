import { Key } from './key.js';
import { JSON_MAP } from './map-rules.js';
import { period } from './quantities.js';
import { SECRET } from './request-rules.js';
import { oneOf } from './rules.js';
import { PROOF, TokenPlaceShape } from './token-place-shape.js';

/** A JWT (RFC 7519) that Millrace signs itself. */
export class JwtAuthShape extends TokenPlaceShape {
  @Key(oneOf(['jwt']), { description: PROOF, isRequired: true })
  type: 'jwt';

  @Key(oneOf(['HS256', 'RS256', 'ES256']), { description: 'How it is signed.', isRequired: true })
  algorithm: 'HS256' | 'RS256' | 'ES256';

  @Key(SECRET, {
    description: 'HS256: the secret; else a private key as PEM.',
    examples: ['${API_SIGNING_KEY}'],
    isRequired: true,
  })
  key: string;

  @Key(JSON_MAP, { description: 'Claims besides iat and exp.', examples: [{ iss: 'millrace' }] })
  claims?: Record<string, unknown>;

  @Key(JSON_MAP, {
    description: "Members of the token's header besides alg and typ.",
    examples: [{ kid: 'k1' }],
  })
  header?: Record<string, unknown>;

  @Key(period('1s', '24h', 'smh'), { description: 'A new one is signed when it is over.', default: '5m' })
  lifetime?: string;
}
