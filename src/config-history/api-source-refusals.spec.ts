import { describe, expect, it } from '@jest/globals';
import { InvalidConfig } from './invalid-config.js';
import { parseConfig } from './parse-config.js';

const options = { isVariableAllowed: (name: string) => name.startsWith('API_') };
const URL = 'url: https://x/orders';

/** Each fault as `path line:column message`, paths inside the only source of the stream orders. */
function faultsOf(source: string, streams = ''): string[] {
  const lines = ['type: api', ...source.trim().split('\n')];
  const text = `streams:\n- table: orders\n  sources:\n  - ${lines.join('\n    ')}\n${streams}`;
  try {
    parseConfig(text, options);
  } catch (error) {
    if (!(error instanceof InvalidConfig)) throw error;
    return error.details.map(({ path = '', line, column, message }) => {
      const inside = path.replace(/^streams\[0\]\.sources\[0\]\.?/, '');
      return `${inside} ${line}:${column} ${message}`;
    });
  }
  return [];
}

const users = (rest = '') => `- { table: users, sources: [{ type: local, path: users }]${rest} }\n`;
const secret =
  'expected one variable such as ${API_TOKEN}, for secrets come from variables only, got a text that is not shown';
const named =
  'expected a variable such as ${API_TOKEN}, for secrets come from variables only, got a text that is not shown';
const absolute = 'expected an absolute URL, http or https, got';
const get = 'got nothing, which means GET';

const requests: [string, string, string[]][] = [
  ['no URL', 'method: GET', ['url 4:5 expected an absolute URL, http or https, got nothing']],
  ['a path', 'url: /orders', [`url 5:10 ${absolute} another text`]],
  ['a file', 'url: file:///etc/passwd', [`url 5:10 ${absolute} another text`]],
  ['one slash', 'url: https:/x/orders', [`url 5:10 ${absolute} another text`]],
  ['a user', 'url: https://hunter2@x/', [`url 5:10 ${absolute} one with a user or a password; see auth`]],
  [
    'a user behind a variable',
    "url: '${API_SCHEME}://u:hunter2@x/'",
    [`url 5:10 ${absolute} one with a user or a password; see auth`],
  ],
  [
    'a fragment',
    "url: 'https://x/#a'",
    [`url 5:10 ${absolute} one with a fragment (#), which is never sent`],
  ],
  ['a line end', 'url: "https://x/\\na"', [`url 5:10 ${absolute} one with a blank or a line end in it`]],
  [
    'a host by the parent',
    "url: 'https://{parent.id}.x/'\nfor_each: { stream: users, field: id }",
    [`url 5:10 ${absolute} one with a placeholder in its host`],
  ],
  [
    'a host by the parent behind a variable',
    "url: '${API_URL}{parent.id}/'\nfor_each: { stream: users, field: id }",
    [`url 5:10 ${absolute} one with a placeholder in its host`],
  ],
  ['another method', `${URL}\nmethod: PUT`, ['method 6:13 expected one of GET, POST, got "PUT"']],
  ['a body without POST', `${URL}\nbody: { a: 1 }`, [`method 4:5 expected method: POST beside body, ${get}`]],
  [
    'a body with GET',
    `${URL}\nmethod: GET\nbody: { a: 1 }`,
    ['method 6:13 expected method: POST beside body, got GET'],
  ],
  [
    'a number that JSON does not have',
    `${URL}\nmethod: POST\nbody: { a: [.nan] }`,
    ['body.a[0] 7:17 expected a number of JSON with at most 15 digits, got another one; put it in quotes'],
  ],
  [
    'headers of the connection',
    `${URL}\nheaders: { Host: y, content-length: 1, Transfer-Encoding: chunked }`,
    ['Host', 'content-length', 'Transfer-Encoding'].map(
      (name) =>
        `headers.${name} 6:${{ H: 16, c: 25, T: 44 }[name[0]!]} expected another header than ${name}, which the connection sets itself`,
    ),
  ],
  [
    'a header twice',
    `${URL}\nheaders: { Accept: a, accept: b }`,
    ['headers.accept 6:27 expected each header once, got accept a second time'],
  ],
  [
    'a header that breaks the line',
    `${URL}\nheaders: { X-A: "a\\r\\nX-B: b" }`,
    [
      'headers.X-A 6:21 expected a text of printable Latin-1 characters, on one line, got a text that is not shown',
    ],
  ],
  [
    'a header without a name',
    `${URL}\nheaders: { "X A": a }`,
    [`headers.X A 6:16 expected a header's name of letters, digits and -, got "X A"`],
  ],
  [
    'headers as a text',
    `${URL}\nheaders: 'X-Api-Key: hunter2'`,
    ['headers 6:14 expected a map from header to text, got a text'],
  ],
  [
    'a map as a parameter',
    `${URL}\nquery: { a: { b: 1 }, c: [[1]] }`,
    [
      'query.a 6:17 expected a text, a whole number, true, false, or a list of them, got a map',
      'query.c[0] 6:31 expected a text, a whole number, true or false, got a list',
    ],
  ],
  [
    'numbers that would be sent otherwise',
    `${URL}\nquery: { v: 2.0, zip: 01234, p: 1.10 }`,
    [
      'query.v 6:17 expected a whole number as it prints, or a text in quotes, got another spelling of a number, such as 007 or 2.0',
      'query.zip 6:27 expected a whole number as it prints, or a text in quotes, got another spelling of a number, such as 007 or 2.0',
      'query.p 6:37 expected a text or a whole number, got another number; put it in quotes',
    ],
  ],
  [
    'a path that is none',
    `${URL}\nrecords: $.items[`,
    [
      `records 6:14 expected a JSONPath such as $.data.items, got "$.items[": unclosed bracketed selection ('$.items[':8)`,
    ],
  ],
  [
    'a field that is none',
    `${URL}\nfields: { id: '$..' }`,
    [`fields.id 6:19 expected a JSONPath such as $.data.items, got "$..": bald descendant segment ('$..':3)`],
  ],
  [
    'the name of an element that is not of XML',
    `${URL}\nrecords: $.feed.atom:entry`,
    [
      `records 6:14 expected a JSONPath such as $.data.items, got "$.feed.atom:entry": expected '.', '..' or a bracketed selection, found ':' ('atom:entr':11)`,
    ],
  ],
  [
    'a rate without a time',
    `${URL}\nrate: 10`,
    ['rate 6:11 expected requests in a time, such as 10/s, 600/m or 1000/h, got 10'],
  ],
  [
    'a rate of nothing',
    `${URL}\nrate: 0/s`,
    ['rate 6:11 expected requests in a time, such as 10/s, 600/m or 1000/h, got "0/s"'],
  ],
  [
    'a deadline without a unit',
    `${URL}\ntimeouts: { idle: 30 }`,
    ['timeouts.idle 6:23 expected a time from 1ms to 24h, such as 60s, 5m or 1h, got 30'],
  ],
  [
    'a size without a unit',
    `${URL}\nmax_page_bytes: 64`,
    ['max_page_bytes 6:21 expected a size from 1KB to 500MB, such as 64MB, got 64'],
  ],
  [
    'a page that no text can hold',
    `${URL}\nmax_page_bytes: 1GB`,
    ['max_page_bytes 6:21 expected a size from 1KB to 500MB, such as 64MB, got "1GB"'],
  ],
  [
    'statuses that are none',
    `${URL}\non_status: { 200: ignore, 4XX: fail, 600: retry, 404: skip }`,
    [
      'on_status.200 6:18 expected a status from 400 to 599, 4xx or 5xx, got "200"',
      'on_status.4XX 6:31 expected a status from 400 to 599, 4xx or 5xx, got "4XX"',
      'on_status.600 6:42 expected a status from 400 to 599, 4xx or 5xx, got "600"',
      'on_status.404 6:59 expected one of ignore, retry, fail, got "skip"',
    ],
  ],
  [
    'an origin with a path',
    `${URL}\nallow_origins: ['https://y/files', 'y']`,
    [
      'allow_origins[0] 6:21 expected an origin such as https://files.example.com, got a text that is not shown',
      'allow_origins[1] 6:40 expected an origin such as https://files.example.com, got a text that is not shown',
    ],
  ],
  [
    'too many at a time',
    `${URL}\nparallel: 65`,
    ['parallel 6:15 expected a whole number from 1 to 64, got 65'],
  ],
  [
    'columns and a header',
    `${URL}\ncsv: { columns: [a, b] }`,
    ['csv.header 6:5 expected header: false beside columns, got nothing'],
  ],
  [
    'an encoding, which the answer tells',
    `${URL}\ncsv: { encoding: utf-8 }`,
    ['csv.encoding 6:12 expected one of the keys delimiter, quote, header, columns, nulls, got "encoding"'],
  ],
  [
    'a variable of the service',
    `${URL}\nauth: { type: bearer, token: '\${DATABASE_URL}' }`,
    [
      'auth.token 6:34 expected a variable that configs may name, got ${DATABASE_URL}; see the setting MILLRACE_CONFIG_VARS',
    ],
  ],
];

const auths: [string, string, string[]][] = [
  [
    'another kind',
    'type: beerer',
    [
      'auth.type 7:13 expected one of none, bearer, basic, api_key, login, oauth2_client_credentials, oauth2_refresh_token, jwt, got "beerer"; did you mean bearer?',
    ],
  ],
  ['no token', 'type: bearer', [`auth.token 6:5 ${secret.replace('a text that is not shown', 'nothing')}`]],
  ['a token as it is', 'type: bearer\ntoken: hunter2', [`auth.token 8:14 ${secret}`]],
  [
    'a token that is a number',
    'type: bearer\ntoken: 123456',
    [`auth.token 8:14 ${secret.replace('text that is not shown', 'number')}`],
  ],
  ['half a token', "type: bearer\ntoken: 'hunter2${API_A}'", [`auth.token 8:14 ${secret}`]],
  ['a key as it is', 'type: api_key\nkey: hunter2', [`auth.key 8:12 ${secret}`]],
  [
    'a password as it is',
    'type: basic\nuser: u\npassword: hunter2',
    [
      "auth.password 9:17 expected one variable such as ${API_PASSWORD}, for secrets come from variables only, or '', got a text that is not shown",
    ],
  ],
  [
    'a key as the user',
    "type: basic\nuser: hunter2\npassword: ''",
    [
      'auth.user 8:13 expected a variable such as ${API_TOKEN} beside an empty password, for secrets come from variables only, got a text that is not shown',
    ],
  ],
  [
    'a header of the connection',
    "type: api_key\nkey: '${API_A}'\nname: Host",
    ['auth.name 9:13 expected another header than Host, which the connection sets itself'],
  ],
  [
    'a prefix that breaks the line',
    'type: api_key\nkey: "${API_A}"\nprefix: "a\\n"',
    ['auth.prefix 9:15 expected a text of printable characters, on one line, got "a\\n"'],
  ],
  [
    'a cookie without a name',
    "type: api_key\nkey: '${API_A}'\nin: cookie\nname: a=b",
    ['auth.name 10:13 expected a cookie\'s name of letters, digits, - and _, got "a=b"'],
  ],
  [
    'a login with its password',
    'type: login\nurl: https://x/login\nbody: { email: me, password: hunter2, more: { apiKey: 123 } }',
    [
      `auth.body.password 9:36 ${named}`,
      `auth.body.more.apiKey 9:61 ${named.replace('text that is not shown', 'number that is not shown')}`,
    ],
  ],
  [
    'a login with its key in headers and URL',
    'type: login\nurl: https://x/login?apikey=hunter2\nheaders: { apikey: hunter2, Authorization: Basic hunter2 }',
    [
      `auth.url 8:12 ${named}`,
      `auth.headers.apikey 9:26 ${named}`,
      `auth.headers.Authorization 9:50 ${named}`,
    ],
  ],
  [
    'a login for each parent',
    "type: login\nurl: 'https://x/{parent.id}'",
    ['auth.url 8:12 expected a URL without placeholders, got {parent.id}'],
  ],
  [
    'a login by GET with a body',
    'type: login\nurl: https://x/login\nmethod: GET\nbody: { a: b }',
    ['auth.method 9:15 expected method: POST beside body, got GET'],
  ],
  [
    'a form with members of members',
    'type: login\nurl: https://x/login\nencoding: form\nbody: { a: { b: c } }',
    ['auth.body.a 10:18 expected a text, for a form has no members of members, got a map'],
  ],
  [
    'a unit of nothing',
    'type: login\nurl: https://x/login\nexpires_unit: ms',
    ['auth.expires_in 6:5 expected expires_in beside expires_unit, got nothing'],
  ],
  [
    'a token path that is none',
    "type: login\nurl: https://x/login\ntoken: '$.['",
    [expect.stringMatching(/^auth\.token 9:14 expected a JSONPath/) as unknown as string],
  ],
  [
    'a client secret as it is',
    'type: oauth2_client_credentials\ntoken_url: https://x/\nclient_id: c\nclient_secret: hunter2\nparams: { assertion_token: hunter2, grant_type: password }',
    [
      `auth.client_secret 10:22 ${secret}`,
      `auth.params.assertion_token 11:34 ${named}`,
      'auth.params.grant_type 11:43 expected another field than grant_type, which Millrace sets itself',
    ],
  ],
  [
    'a refresh token as it is',
    'type: oauth2_refresh_token\ntoken_url: https://x/\nclient_id: c\nrefresh_token: hunter2\nclient_auth: basic',
    [
      'auth.client_secret 6:5 expected client_secret beside client_auth: basic, got nothing',
      `auth.refresh_token 10:22 ${secret}`,
    ],
  ],
  [
    'a signing key as it is',
    'type: jwt\nalgorithm: HS256\nkey: hunter2\nclaims: { exp: 1 }\nheader: { alg: none }\nlifetime: 2d',
    [
      `auth.key 9:12 ${secret}`,
      'auth.claims.exp 10:17 expected another claim than exp, which Millrace sets itself',
      'auth.header.alg 11:17 expected another member than alg, which Millrace sets itself',
      'auth.lifetime 12:17 expected a time from 1s to 24h, such as 60s, 5m or 1h, got "2d"',
    ],
  ],
  [
    'no signature',
    "type: jwt\nalgorithm: none\nkey: '${API_A}'",
    ['auth.algorithm 8:18 expected one of HS256, RS256, ES256, got "none"'],
  ],
];

const paginations: [string, string, string[]][] = [
  [
    'another word',
    'pagination: hunter2',
    [
      'pagination 6:17 expected auto, single, page, offset, link_header, range or a map with a type (one of auto, single, page, offset, cursor, next_url, link_header, keyset, range, graphql), got a text',
    ],
  ],
  [
    'a word that needs more',
    'pagination: keyset',
    [
      'pagination 6:17 expected auto, single, page, offset, link_header, range or a map with a type (one of auto, single, page, offset, cursor, next_url, link_header, keyset, range, graphql), got a text',
    ],
  ],
  [
    'another kind',
    'pagination: { type: ofset }',
    [
      'pagination.type 6:25 expected one of auto, single, page, offset, cursor, next_url, link_header, keyset, range, graphql, got "ofset"; did you mean offset?',
    ],
  ],
  [
    'a key of another kind',
    'pagination: { type: page, limit: 5 }',
    [
      'pagination.limit 6:31 expected one of the keys in, total, total_pages, has_more, size_param, size, type, param, start, short_page_ends, got "limit"',
    ],
  ],
  [
    'a body without POST',
    'pagination: { type: offset, in: body }',
    [`method 4:5 expected method: POST beside pagination.in: body, ${get}`],
  ],
  [
    'a body that is a list',
    'method: POST\nbody: [1]\npagination: { type: offset, in: body, param: a..b }',
    [
      'body 7:11 expected a map, for pagination puts its parameters there, got another value',
      'pagination.param 8:50 expected names of members with a dot between, such as page.offset, got "a..b"',
    ],
  ],
  [
    'a header that cannot be',
    'pagination: { type: page, in: header, param: Host }',
    ['pagination.param 6:50 expected another header than Host, which the connection sets itself'],
  ],
  [
    'a parameter for no size',
    'pagination: { type: page, size_param: n }',
    ['pagination.size 6:5 expected size beside size_param, got nothing'],
  ],
  [
    'short pages of no size',
    'pagination: { type: keyset, field: id, param: after, short_page_ends: true }',
    ['pagination.size 6:5 expected size beside short_page_ends, got nothing'],
  ],
  [
    'a token from nowhere',
    'pagination: { type: cursor }',
    ['pagination.cursor 6:5 expected cursor or header, which tell where the token is, got nothing'],
  ],
  [
    'a token from two places',
    'pagination: { type: cursor, cursor: $.a, header: X-A }',
    ['pagination.header 6:46 expected cursor or header, got both'],
  ],
  [
    'GraphQL by GET',
    'pagination: { type: graphql, page_info: $.a }',
    [`method 4:5 expected method: POST beside pagination graphql, ${get}`],
  ],
  [
    'GraphQL without a query',
    'method: POST\npagination: { type: graphql, page_info: $.a }',
    ['body 4:5 expected a map with the text of the GraphQL query as query, got none'],
  ],
  [
    'GraphQL whose query does not ask for pages',
    "method: POST\nbody: { query: 'query($after: String) { a { pageInfo { hasNextPage } } }' }\npagination: { type: graphql, page_info: $.a, variable: next }",
    [
      'body.query 7:20 expected a query with $next, which tells the pages apart, got one without',
      'body.query 7:20 expected a query with endCursor, which tells the pages apart, got one without',
    ],
  ],
  [
    'a parameter from two keys',
    'query: { limit: 50, q: a }\npagination: { type: offset, limit: 100 }\ncursor: { field: at, param: q }',
    [
      'query.limit 6:21 expected the parameter limit from one key, got it from query and from pagination',
      'query.q 6:28 expected the parameter q from one key, got it from query and from cursor',
    ],
  ],
  [
    'a header from two keys',
    "headers: { authorization: '${API_A}', Range: a }\nauth: { type: bearer, token: '${API_A}' }\npagination: range",
    [
      'headers.authorization 6:31 expected the header authorization from one key, got it from headers and from auth',
      'headers.Range 6:50 expected the header range from one key, got it from headers and from pagination',
    ],
  ],
];

const cursor = (keys: string) => `cursor: { field: at, ${keys} }`;
const cursors: [string, string, string[]][] = [
  [
    'a value that goes nowhere',
    'cursor: { field: at }',
    ['cursor.param 6:5 expected param, or {cursor.start} in url, query, headers or body, got nothing'],
  ],
  [
    'windows without begin and end',
    cursor('param: a, step: 30d'),
    [
      'cursor.end_param 6:5 expected end_param beside step, or {cursor.end} in url, query, headers or body, got nothing',
      'cursor.start 6:5 expected start beside step, where the first window begins, got nothing',
    ],
  ],
  [
    'an end of no window',
    cursor('param: a, end_param: b'),
    ['cursor.step 6:5 expected step beside end_param, got nothing'],
  ],
  [
    'a placeholder for the end of no window',
    `query: { until: '{cursor.end}' }\n${cursor('param: a')}`,
    ['cursor.step 7:5 expected step, for {cursor.end} is the end of a window, got nothing'],
  ],
  [
    'windows of numbers',
    cursor('param: a, end_param: b, start: 5, step: 1d, format: number'),
    ['cursor.format 6:78 expected iso, date, unix, unix_ms or auto beside step, got number'],
  ],
  [
    'a window from a number on',
    cursor('param: a, end_param: b, start: 5, step: 1d'),
    [
      'cursor.start 6:57 expected a time as 2024-01-31 or 2024-01-31T10:00:00Z, for step asks for windows of time, got 5',
    ],
  ],
  [
    'a day that does not exist',
    cursor('param: a, start: 2023-02-30, format: date'),
    [
      'cursor.start 6:43 expected a time as 2024-01-31 or 2024-01-31T10:00:00Z, for format is date, got "2023-02-30"',
    ],
  ],
  [
    'a number that is a word',
    cursor('param: a, start: soon, format: number'),
    ['cursor.start 6:43 expected a number, for format is number, got "soon"'],
  ],
  [
    'a time back from a number',
    cursor('param: a, lookback: 1h, format: number'),
    ['cursor.lookback 6:46 expected a number, for format is number, got "1h"'],
  ],
  [
    'a number back from a time',
    cursor('param: a, lookback: 5, format: iso'),
    ['cursor.lookback 6:46 expected a time such as 1h, for format is iso, got 5'],
  ],
  [
    'something back from a text',
    cursor('param: a, lookback: 1h, format: text'),
    ['cursor.lookback 6:46 expected no lookback, for texts have none, got "1h"'],
  ],
  [
    'a body without POST',
    cursor('param: a, in: body'),
    [`method 4:5 expected method: POST beside cursor.in: body, ${get}`],
  ],
];

const placeholders: [string, string, string[]][] = [
  [
    'for no cursor',
    "url: 'https://x/{cursor.start}'",
    ['url 5:10 expected cursor beside {cursor.start}, got nothing'],
  ],
  [
    'for no parent',
    "url: 'https://x/'\nmethod: POST\nbody: { a: [{ b: 'x{parent.id}' }] }",
    ['body.a[0].b 7:22 expected for_each beside {parent.id}, got nothing'],
  ],
  [
    'for a column that is not named',
    "url: 'https://x/{parent.idd}/{parent.id}'\nfor_each: { stream: users, field: id }",
    [
      'url 5:10 expected {parent.id}, the columns of for_each.field, got {parent.idd}; did you mean {parent.id}?',
    ],
  ],
  [
    'for nothing of a cursor',
    "url: 'https://x/{cursor.begin}'\ncursor: { field: a, param: b }",
    ['url 5:10 expected {cursor.start} or {cursor.end}, got {cursor.begin}'],
  ],
  [
    'in a path without a start',
    "url: 'https://x/{cursor.start}'\ncursor: { field: a }",
    ['cursor.start 6:5 expected start, for the path of url has {cursor.start}, got nothing'],
  ],
  [
    'that is missing',
    'url: https://x/\nfor_each: { stream: users, field: [id] }',
    ['for_each.field 6:39 expected {parent.id} in url, query, headers or body, got it nowhere'],
  ],
];

describe('an API source that is refused', () => {
  it.each(requests)('%s', (_name, text, expected) => {
    expect(faultsOf(text, users())).toEqual(expected);
  });

  it.each(auths)('for its authentication: %s', (_name, text, expected) => {
    const lines = text.split('\n').map((line) => `  ${line}`);
    expect(faultsOf(`${URL}\nauth:\n${lines.join('\n')}`)).toEqual(expected);
  });

  it.each([...paginations, ...cursors])('for its pages: %s', (_name, text, expected) => {
    expect(faultsOf(`${URL}\n${text}`)).toEqual(expected);
  });

  it.each(placeholders)('for a placeholder %s', (_name, text, expected) => {
    expect(faultsOf(text, users())).toEqual(expected);
  });
});

const child = (table: string, stream: string, rest = '') =>
  `- { table: ${table}, sources: [{ type: api, url: 'https://x/{parent.id}', for_each: { stream: ${stream}, field: id${rest} } }] }\n`;
const EACH = "url: 'https://x/{parent.id}'\nfor_each: { stream: users, field: id";
const families: [string, string, string, string[]][] = [
  [
    'no such stream',
    `${EACH} }`,
    child('user', 'orders')
      .replace(/for_each.*?} /, '')
      .replace('{parent.id}', ''),
    [
      'for_each.stream 6:25 expected the table of another stream of this pipeline, got "users"; did you mean user?',
    ],
  ],
  [
    'no other stream',
    `${EACH} }`,
    '',
    [
      'for_each.stream 6:25 expected the table of another stream of this pipeline, got "users", and there is no other',
    ],
  ],
  [
    'the stream itself',
    `${EACH.replace('users', 'orders')} }`,
    users(),
    ['for_each.stream 6:25 expected the table of another stream, got "orders", the stream itself'],
  ],
  [
    'streams in a circle',
    `${EACH} }`,
    child('users', 'teams') + child('teams', 'orders') + child('lines', 'users'),
    [
      'for_each.stream 6:25 expected streams that do not wait for each other, got orders -> users -> teams -> orders',
    ],
  ],
  [
    'a circle further up',
    `${EACH} }`,
    child('users', 'teams') + child('teams', 'users'),
    [
      'streams[1].sources[0].for_each.stream 7:92 expected streams that do not wait for each other, got users -> teams -> users',
    ],
  ],
  [
    'replace by the children of parents that are new, however far up',
    `${EACH} }`,
    users() +
      child('lines', 'mid').replace('lines,', 'lines, write: replace,') +
      child('mid', 'news') +
      `- { table: news, sources: [{ type: api, url: 'https://x/', cursor: { field: at, param: since } }] }\n` +
      child('all', 'users').replace('all,', 'all, write: replace,'),
    [
      'streams[2].sources[0].for_each.stream 8:108 expected parents without a cursor with write: replace, since the table would keep only the rows of new parents, got "news", which has one; use upsert or append',
    ],
  ],
  [
    'a column that a strict schema does not have',
    `${EACH}, include: [nam] }`,
    users(', schema: { strict_mode: true, columns: { uid: text, name: text } }'),
    [
      'for_each.field 6:39 expected a column of users, which keeps only those of its schema, got "id"',
      'for_each.include 6:52 expected a column of users, which keeps only those of its schema, got "nam"; did you mean name?',
    ].map((fault) => expect.stringContaining(fault) as unknown as string),
  ],
  [
    'a column whose name the table cannot have',
    `${EACH.replaceAll('id', 'userId')} }`,
    users(),
    [
      'for_each.field 6:39 expected a column of users, whose naming is snake_case, got "userId"; did you mean user_id?',
    ],
  ],
  [
    'a name that the record has',
    `${EACH}, include: { id: a, name: a, tag: b } }\nfields: { b: $.b }`,
    users(),
    [
      'for_each.include.name 6:67 expected a name that the record does not have yet for name of the parent, got "a"',
      'for_each.include.tag 6:75 expected a name that the record does not have yet for tag of the parent, got "b"',
    ],
  ],
];

describe('for_each', () => {
  it.each(families)('refuses %s', (_name, source, streams, expected) => {
    expect(faultsOf(source, streams)).toEqual(expected);
  });

  it('walks hundreds of streams in no time', () => {
    const streams = Array.from({ length: 400 }, (_, index) =>
      child(`t${index}`, index === 399 ? 'orders' : `t${index + 1}`),
    );
    const start = performance.now();
    expect(faultsOf(`${EACH.replace('users', 't0')} }`, streams.join(''))).toEqual([
      expect.stringMatching(/^for_each\.stream 6:25 .* got orders -> t0 -> t1 -> .* -> t8 -> … -> orders$/),
    ]);
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});

const literals: [string, string][] = [
  ['a query', 'query: { api_key: hunter2 }'],
  ['a list of the query', "query: { token: ['${API_A}', hunter2] }"],
  ['the URL', 'url: https://y/?page=1&access%5Ftoken=hunter2'],
  ['a header', 'headers: { X-Api-Key: hunter2 }'],
  ['a header with a scheme', 'headers: { X-Anything: Bearer hunter2 }'],
  ['a cookie', 'headers: { Cookie: session=hunter2 }'],
  ['a proxy', 'headers: { Proxy-Authorization: Basic hunter2 }'],
  ['a body', 'method: POST\nbody: { auth: { clientSecret: hunter2 } }'],
  ['a list in a body', 'method: POST\nbody: [{ password: [{ value: hunter2 }] }]'],
  ['a user in the URL', 'url: https://hunter2:hunter2@y/'],
  ['a text instead of a map', 'query: api_key=hunter2'],
  ['a text instead of auth', 'auth: hunter2'],
  ['a text instead of a login body', 'auth: { type: login, url: https://x/, body: password=hunter2 }'],
  [
    'a text instead of form fields',
    'auth: { type: oauth2_client_credentials, token_url: hunter2, params: hunter2, client_id: c, client_secret: [hunter2] }',
  ],
  ['a list of a token', 'auth: { type: bearer, token: [hunter2] }'],
  ['a map of a key', 'auth: { type: api_key, key: { hunter2: hunter2 } }'],
  ['an origin', 'allow_origins: ["https://u:hunter2@y"]'],
];

describe('a secret in the config itself', () => {
  it.each(literals)('is refused and never repeated: %s', (_name, text) => {
    const faults = faultsOf(text.startsWith('url:') ? text : `${URL}\n${text}`);
    expect(faults).not.toEqual([]);
    expect(faults.join()).not.toContain('hunter2');
  });

  const harmless = [
    'query: { page_token: a, next_token: b, sort_key: c, keyword: d, token: "{parent.id}", api_key: "" }',
    "query: { key: '${API_A}', access_token: 'x${API_A}' }",
    'headers: { Idempotency-Key: a, X-Tokenizer: b }\nquery: { a: "{parent.id}" }',
    'method: POST\nbody: { key: status, sortKey: id, tokens: 5, a: "{parent.id}" }',
  ];
  it.each(harmless)('is not seen where there is none: %s', (text) => {
    const each = text.includes('{parent.id}') ? '\nfor_each: { stream: users, field: id }' : '';
    expect(faultsOf(`${URL}\n${text}${each}`, users())).toEqual([]);
  });
});
