import { ApiCursorShape, ForEachShape } from './api-series-shape.js';
import { AUTHS, type AuthShape } from './auth-shape.js';
import { CsvShape } from './csv-shape.js';
import { Key } from './key.js';
import { JSON_VALUE, mapOf } from './map-rules.js';
import { Nested } from './nested.js';
import { PAGINATIONS, type PaginationShape } from './pagination-shape.js';
import { period, RATE, size } from './quantities.js';
import { HEADERS, JSON_PATH, ORIGIN, QUERY, RECORDS, URL_TEXT } from './request-rules.js';
import { listOf, oneOf, text, wholeNumber } from './rules.js';

const DEADLINE = period('1ms', '24h', 'mssmh');

const ACTIONS = mapOf('a map from status to ignore, retry or fail', {
  name: text('a status from 400 to 599, 4xx or 5xx', /^[45](?:xx|\d\d)$/),
  value: oneOf(['ignore', 'retry', 'fail']),
});

const FIELDS = mapOf('a map from column to JSONPath', {
  name: text('a name of at most 200 characters', /^[^\p{Cc}]{1,200}$/u),
  value: JSON_PATH,
});

/** Every wait of a request has an end. */
export class TimeoutsShape {
  @Key(DEADLINE, { description: 'Until the connection is there.', default: '10s' })
  connect?: string;

  @Key(DEADLINE, { description: "Until the answer's headers are there.", default: '30s' })
  headers?: string;

  @Key(DEADLINE, { description: 'Between two pieces of a body.', default: '30s' })
  idle?: string;

  @Key(DEADLINE, { description: 'One request with its body.', default: '10m' })
  total?: string;
}

/** What is asked for, and how the answers are read. */
export class ApiSourceShape {
  @Key(oneOf(['api']), { description: 'Where the records come from.', isRequired: true })
  type: 'api';

  @Key(URL_TEXT, {
    description: 'Where to ask; may hold variables and placeholders.',
    examples: ['https://api.example.com/v1/orders', '${API_URL}/users/{parent.id}/orders'],
    isRequired: true,
  })
  url: string;

  @Key(oneOf(['GET', 'POST']), { description: 'Method of the requests.', default: 'GET' })
  method?: 'GET' | 'POST';

  @Key(HEADERS, { description: 'Headers of each request.', examples: [{ Accept: 'application/json' }] })
  headers?: Record<string, string | number | boolean>;

  @Key(QUERY, { description: 'Parameters of each request.', examples: [{ status: 'paid', tag: ['a', 'b'] }] })
  query?: Record<string, string | number | boolean | (string | number | boolean)[]>;

  @Key(JSON_VALUE, { description: 'JSON that a POST sends.', examples: [{ filter: { status: 'paid' } }] })
  body?: unknown;

  @Nested(AUTHS, { description: 'How the source proves who asks.', default: 'none' })
  auth?: AuthShape;

  @Nested(PAGINATIONS, { description: 'How the pages are told apart.', default: 'auto' })
  pagination?: PaginationShape;

  @Key(RATE, {
    description: 'Most requests in a time, of all runs to the host.',
    examples: ['10/s', '600/m'],
  })
  rate?: string;

  @Key(ACTIONS, {
    description: 'What a status means instead of the usual.',
    examples: [{ 404: 'ignore', '5xx': 'fail' }],
  })
  on_status?: Record<string, 'ignore' | 'retry' | 'fail'>;

  @Nested(TimeoutsShape, { description: 'How long to wait.' })
  timeouts?: TimeoutsShape;

  @Nested(ApiCursorShape, { description: 'Ask only for what is new since the last load.' })
  cursor?: ApiCursorShape;

  @Nested(ForEachShape, { description: 'Ask once for each row of another stream.' })
  for_each?: ForEachShape;

  @Key(oneOf(['auto', 'json', 'ndjson', 'csv', 'xml']), {
    description: "What the answers hold; auto decides by the answer's type and content.",
    default: 'auto',
  })
  format?: string;

  @Nested(CsvShape, { description: 'How delimited text is read.' })
  csv?: CsvShape;

  @Key(RECORDS, { description: 'Where the records are in a page.', default: '$', examples: ['$.data'] })
  records?: string;

  @Key(FIELDS, {
    description: 'The columns of a record, each by its path in the record. Default: its own members.',
    examples: [{ id: 'id', owner: '$.owner.login' }],
  })
  fields?: Record<string, string>;

  @Key(wholeNumber(1, 64), { description: 'Requests under way at a time. Default: 1, with for_each 4.' })
  parallel?: number;

  @Key(wholeNumber(1, 10_000_000), { description: 'Most pages of a run.', default: 10_000 })
  max_pages?: number;

  @Key(size('500MB'), { description: 'Most bytes of a page, unpacked.', default: '64MB' })
  max_page_bytes?: string;

  @Key(size('100000GB'), { description: 'Most bytes of all pages of a run together.', default: '10GB' })
  max_bytes?: string;

  @Key(listOf('a list of at most 100 origins', ORIGIN, { maxItems: 100 }), {
    description: 'Where next links and redirects may lead besides; without credentials.',
    examples: [['https://files.example.com']],
  })
  allow_origins?: string[];
}
