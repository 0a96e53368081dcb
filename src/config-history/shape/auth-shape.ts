import { Key } from './key.js';
import { Kinds } from './kinds.js';
import { JSON_MAP } from './map-rules.js';
import { period } from './quantities.js';
import {
  FORM,
  HEADERS,
  JSON_PATH,
  OPTIONAL_SECRET,
  PLACE_NAME,
  PREFIX,
  SECRET,
  URL_TEXT,
} from './request-rules.js';
import { oneOf, text } from './rules.js';

const PROOF = 'How the source proves who asks.';
const LIFETIME = period('1s', '365d', 'smhd');
const CLIENT_AUTH = oneOf(['basic', 'body']);

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

/** Where a token goes in a request. */
class TokenPlaceShape {
  @Key(oneOf(['header', 'query', 'cookie']), { description: 'Where it goes.', default: 'header' })
  in?: 'header' | 'query' | 'cookie';

  @Key(PLACE_NAME, { description: 'Name of the header, parameter or cookie.', examples: ['X-API-Key'] })
  name?: string;

  @Key(PREFIX, { description: 'Put before it, with nothing between.', examples: ['Token '] })
  prefix?: string;
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

/** What both OAuth 2.0 grants ask with. */
class OauthShape {
  @Key(URL_TEXT, {
    description: 'Where tokens are given.',
    examples: ['https://auth.example.com/oauth/token'],
    isRequired: true,
  })
  token_url: string;

  @Key(text('a text'), { description: 'Name of the client.', examples: ['${API_CLIENT_ID}'], isRequired: true })
  client_id: string;

  @Key(text('a text'), { description: 'Scopes, with blanks between.', examples: ['orders.read'] })
  scope?: string;

  @Key(FORM, {
    description: 'Further fields of the form.',
    examples: [{ audience: 'https://api.example.com' }],
  })
  params?: Record<string, string | number | boolean>;

  @Key(CLIENT_AUTH, {
    description: 'The client proves itself in the Authorization header or in the form (RFC 6749, 2.3.1).',
    default: 'basic',
  })
  client_auth?: 'basic' | 'body';
}

/** OAuth 2.0 client credentials (RFC 6749, 4.4). */
export class ClientCredentialsAuthShape extends OauthShape {
  @Key(oneOf(['oauth2_client_credentials']), { description: PROOF, isRequired: true })
  type: 'oauth2_client_credentials';

  @Key(SECRET, {
    description: "The client's secret.",
    examples: ['${API_CLIENT_SECRET}'],
    isRequired: true,
  })
  client_secret: string;
}

/** OAuth 2.0 refresh token (RFC 6749, 6); each new one that the server gives is kept. */
export class RefreshTokenAuthShape extends OauthShape {
  @Key(oneOf(['oauth2_refresh_token']), { description: PROOF, isRequired: true })
  type: 'oauth2_refresh_token';

  @Key(SECRET, {
    description: "The client's secret; left out for a public client.",
    examples: ['${API_CLIENT_SECRET}'],
  })
  client_secret?: string;

  @Key(SECRET, {
    description: 'The first refresh token.',
    examples: ['${API_REFRESH_TOKEN}'],
    isRequired: true,
  })
  refresh_token: string;
}

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
