/** What parameters are called where a config gives them no name. */
export const USUAL_PARAMS = {
  page: { param: 'page', size_param: 'per_page' },
  offset: { param: 'offset', limit_param: 'limit' },
  cursor: { param: 'cursor', size_param: 'per_page' },
  keyset: { size_param: 'per_page' },
} as const;

type Names = Record<'header' | 'query' | 'cookie', string>;

/** What an API key's header, parameter or cookie is called where a config gives it no name. */
export const USUAL_KEY_NAMES: Names = { header: 'x-api-key', query: 'api_key', cookie: 'api_key' };

/** The same of a token. */
export const USUAL_TOKEN_NAMES: Names = {
  header: 'authorization',
  query: 'access_token',
  cookie: 'access_token',
};
