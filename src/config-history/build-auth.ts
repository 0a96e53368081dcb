import type {
  ApiAuth,
  ClientCredentialsAuth,
  JwtAuth,
  LoginAuth,
  RefreshTokenAuth,
  TokenPlace,
} from './api-source-config.js';
import { buildHeaders } from './build-headers.js';
import type { AuthShape, LoginAuthShape } from './shape/auth-shape.js';
import type { JwtAuthShape } from './shape/jwt-shape.js';
import type { ClientCredentialsAuthShape, RefreshTokenAuthShape } from './shape/oauth-shape.js';
import { parsePeriod } from './shape/quantities.js';
import { USUAL_KEY_NAMES, USUAL_TOKEN_NAMES } from './usual-names.js';

/** Fills in every default of an authentication. */
export function buildAuth(auth: AuthShape = { type: 'none' }): ApiAuth {
  switch (auth.type) {
    case 'none':
      return { type: 'none' };
    case 'bearer':
      return { type: 'bearer', token: auth.token };
    case 'basic':
      return { type: 'basic', user: auth.user, password: auth.password };
    case 'api_key':
      return { type: 'api_key', key: auth.key, place: placeOf(auth, USUAL_KEY_NAMES) };
    case 'login':
      return buildLogin(auth);
    case 'oauth2_client_credentials':
      return buildClientCredentials(auth);
    case 'oauth2_refresh_token':
      return buildRefreshToken(auth);
    case 'jwt':
      return buildJwt(auth);
  }
}

interface PlaceShape {
  in?: keyof typeof USUAL_KEY_NAMES;
  name?: string;
  prefix?: string;
}

/** A header's name in lower case; `Bearer ` stands before a token in Authorization. */
function placeOf(shape: PlaceShape, names: typeof USUAL_KEY_NAMES): TokenPlace {
  const place = shape.in ?? 'header';
  const given = shape.name ?? names[place];
  const name = place === 'header' ? given.toLowerCase() : given;
  const isBearer = names === USUAL_TOKEN_NAMES && place === 'header' && name === 'authorization';
  return { in: place, name, prefix: shape.prefix ?? (isBearer ? 'Bearer ' : '') };
}

function buildLogin(auth: LoginAuthShape): LoginAuth {
  return {
    type: 'login',
    url: auth.url,
    method: auth.method ?? 'POST',
    headers: buildHeaders(auth.headers),
    body: auth.body ?? {},
    encoding: auth.encoding ?? 'json',
    token: auth.token ?? '$.access_token',
    place: placeOf(auth, USUAL_TOKEN_NAMES),
    expiresIn: auth.expires_in ?? null,
    expiresUnit: auth.expires_unit ?? 's',
    lifetimeSeconds: parsePeriod(auth.lifetime),
  };
}

function buildClientCredentials(auth: ClientCredentialsAuthShape): ClientCredentialsAuth {
  return {
    type: 'oauth2_client_credentials',
    tokenUrl: auth.token_url,
    clientId: auth.client_id,
    clientSecret: auth.client_secret,
    scope: auth.scope ?? null,
    params: buildForm(auth.params),
    clientAuth: auth.client_auth ?? 'basic',
  };
}

/** A client without a secret has nothing to put into a header: it names itself in the form. */
function buildRefreshToken(auth: RefreshTokenAuthShape): RefreshTokenAuth {
  return {
    type: 'oauth2_refresh_token',
    tokenUrl: auth.token_url,
    clientId: auth.client_id,
    clientSecret: auth.client_secret ?? null,
    refreshToken: auth.refresh_token,
    scope: auth.scope ?? null,
    params: buildForm(auth.params),
    clientAuth: auth.client_auth ?? (auth.client_secret === undefined ? 'body' : 'basic'),
  };
}

function buildJwt(auth: JwtAuthShape): JwtAuth {
  return {
    type: 'jwt',
    algorithm: auth.algorithm,
    key: auth.key,
    claims: auth.claims ?? {},
    header: auth.header ?? {},
    lifetimeSeconds: parsePeriod(auth.lifetime ?? '5m')!,
    place: placeOf(auth, USUAL_TOKEN_NAMES),
  };
}

function buildForm(params: Record<string, string | number | boolean> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)]));
}
