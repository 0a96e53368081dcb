import { Key } from './key.js';
import { FORM, SECRET, URL_TEXT } from './request-rules.js';
import { oneOf, text } from './rules.js';
import { PROOF } from './token-place-shape.js';

const CLIENT_AUTH = oneOf(['basic', 'body']);

/** What both OAuth 2.0 grants ask with. */
class OauthShape {
  @Key(URL_TEXT, {
    description: 'Where tokens are given.',
    examples: ['https://auth.example.com/oauth/token'],
    isRequired: true,
  })
  token_url: string;

  @Key(text('a text'), {
    description: 'Name of the client.',
    examples: ['${API_CLIENT_ID}'],
    isRequired: true,
  })
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
