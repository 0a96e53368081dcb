import { JwtAuthShape } from './jwt-shape.js';
import { Key } from './key.js';
import { Kinds } from './kinds.js';
import { JSON_MAP } from './map-rules.js';
import { ClientCredentialsAuthShape, RefreshTokenAuthShape } from './oauth-shape.js';
import { period } from './quantities.js';
import { HEADERS, JSON_PATH, OPTIONAL_SECRET, SECRET, URL_TEXT } from './request-rules.js';
import { oneOf, text } from './rules.js';
import { PROOF, TokenPlaceShape } from './token-place-shape.js';

const LIFETIME = period('1s', '365d', 'smhd');

/** The API asks for nothing. */
export class NoAuthShape {
  @Key(oneOf(['none']), { description: PROOF, isRequired: true })
  type: 'none';
}

/** A token in the Authorization header. */
export class BearerAuthShape {
  @Key(oneOf(['bearer']), { description: PROOF, isRequired: true })
  type: 'bearer';

  @Key(SECRET, { description: 'The token itself.', examples: ['${API_TOKEN}'], isRequired: true })
  token: string;
}

/** User and password in the Authorization header (RFC 7617). */
export class BasicAuthShape {
  @Key(oneOf(['basic']), { description: PROOF, isRequired: true })
  type: 'basic';

  @Key(text('a text'), { description: 'The name of the user.', examples: ['${API_USER}'], isRequired: true })
  user: string;

  @Key(OPTIONAL_SECRET, {
    description: "The password; '' where the API takes a key as the user and nothing else.",
    examples: ['${API_PASSWORD}', ''],
    isRequired: true,
  })
  password: string;
}

/** A key that stays the same. */
export class ApiKeyAuthShape extends TokenPlaceShape {
  @Key(oneOf(['api_key']), { description: PROOF, isRequired: true })
  type: 'api_key';

  @Key(SECRET, { description: 'The key itself.', examples: ['${API_KEY_OF_SHOP}'], isRequired: true })
  key: string;
}

/** One request whose answer holds a token. */
export class LoginAuthShape extends TokenPlaceShape {
  @Key(oneOf(['login']), { description: PROOF, isRequired: true })
  type: 'login';

  @Key(URL_TEXT, {
    description: 'Where to log in.',
    examples: ['https://api.example.com/auth/login'],
    isRequired: true,
  })
  url: string;

  @Key(oneOf(['POST', 'GET']), { description: 'Method of the request.', default: 'POST' })
  method?: 'POST' | 'GET';

  @Key(HEADERS, { description: 'Headers of the request.', examples: [{ apikey: '${API_ANON_KEY}' }] })
  headers?: Record<string, string | number | boolean>;

  @Key(JSON_MAP, {
    description: 'Body of the request.',
    examples: [{ email: '${API_EMAIL}', password: '${API_PASSWORD}' }],
  })
  body?: Record<string, unknown>;

  @Key(oneOf(['json', 'form']), { description: 'How the body is written.', default: 'json' })
  encoding?: 'json' | 'form';

  @Key(JSON_PATH, { description: 'Where the token is in the answer.', default: '$.access_token' })
  token?: string;

  @Key(JSON_PATH, {
    description: "Where the token's lifetime is in the answer.",
    examples: ['$.expires_in'],
  })
  expires_in?: string;

  @Key(oneOf(['s', 'ms']), { description: 'Unit of that lifetime.', default: 's' })
  expires_unit?: 's' | 'ms';

  @Key(LIFETIME, {
    description: 'Lifetime where the answer does not tell it; without one the token is used until a 401.',
    examples: ['50m'],
  })
  lifetime?: string;
}

/** Every kind of authentication. */
export const AUTHS = new Kinds(
  {
    none: NoAuthShape,
    bearer: BearerAuthShape,
    basic: BasicAuthShape,
    api_key: ApiKeyAuthShape,
    login: LoginAuthShape,
    oauth2_client_credentials: ClientCredentialsAuthShape,
    oauth2_refresh_token: RefreshTokenAuthShape,
    jwt: JwtAuthShape,
  },
  ['none'],
);

export type AuthShape =
  | NoAuthShape
  | BearerAuthShape
  | BasicAuthShape
  | ApiKeyAuthShape
  | LoginAuthShape
  | ClientCredentialsAuthShape
  | RefreshTokenAuthShape
  | JwtAuthShape;
