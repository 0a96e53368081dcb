import { compile } from 'json-p3';
import { parseBaseUrl } from '../parse-base-url.js';
import { anyOf, describeValue, listOf, type Rule, text, wholeNumber } from './rules.js';
import { mapOf } from './map-rules.js';

/** A secret: one variable and nothing else, so that no stored config, answer or diff has anything to hide. */
export const SECRET = text(
  'one variable such as ${API_TOKEN}, for secrets come from variables only',
  /^\$\{[^}]*\}$/,
  true,
);

/** A secret that may be empty. */
export const OPTIONAL_SECRET = text(
  "one variable such as ${API_PASSWORD}, for secrets come from variables only, or ''",
  /^(?:\$\{[^}]*\})?$/,
  true,
);

// RFC 9110, 5.6.2 and 5.5; what node:http sends as Latin-1.
const HEADER_TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;
const HEADER_TEXT = /^[\t\x20-\x7e\x80-\xff]*$/;

export const HEADER_NAME = text("a header's name of letters, digits and -", HEADER_TOKEN);

/** Goes before a token or a value; may end with a blank. */
export const PREFIX = text('a text of printable characters, on one line', HEADER_TEXT);

/** What a parameter, a header, a cookie or a member of the body is called. */
export const PLACE_NAME = text('a name of at most 100 characters without blanks', /^[^\s{}]{1,100}$/);

export const URL_TEXT: Rule = {
  expected: 'an absolute URL, http or https',
  isSecret: true,
  accepts: (value) => typeof value === 'string' && 'url' in parseBaseUrl(value),
  schema: { type: 'string', pattern: String.raw`^(?:https?://[^/?#@\s]|\$\{)[^\s#]*$` },
  explain: (value) => {
    const parsed = typeof value === 'string' ? parseBaseUrl(value) : null;
    return parsed && 'problem' in parsed ? [{ at: [], message: parsed.problem }] : [];
  },
};

const ORIGIN_TEXT = /^(?:https?:\/\/|\$\{[^}]*\}(?::\/\/)?)[^/?#@\s]*$/;

export const ORIGIN: Rule = {
  expected: 'an origin such as https://files.example.com',
  isSecret: true,
  accepts: (value) => typeof value === 'string' && ORIGIN_TEXT.test(value) && 'url' in parseBaseUrl(value),
  schema: { type: 'string', pattern: ORIGIN_TEXT.source },
};

/** RFC 9535, or `a.b` for `$.a.b`. */
export const JSON_PATH: Rule = {
  expected: 'a JSONPath such as $.data.items',
  accepts: (value) => typeof value === 'string' && findPathFault(value) === null,
  schema: { type: 'string', minLength: 1, maxLength: 500 },
  explain: (value) => {
    const fault = typeof value === 'string' ? findPathFault(value) : null;
    if (fault === null) return [];
    return [
      { at: [], message: `expected a JSONPath such as $.data.items, got ${describeValue(value)}: ${fault}` },
    ];
  },
};

/** Names of elements from the root down, which need not be names of a JSONPath: `$.feed.atom:entry`. */
const ELEMENTS = /^(?:\$\.)?[^\s.$[\]*]+(?:\.[^\s.$[\]*]+)*$/;

/** A JSONPath; in XML also names of elements. */
export const RECORDS: Rule = {
  ...JSON_PATH,
  accepts: (value) => JSON_PATH.accepts(value) || (typeof value === 'string' && ELEMENTS.test(value)),
};

function findPathFault(path: string): string | null {
  if (path.length === 0) return 'it is empty';
  if (path.length > 500) return 'it has more than 500 characters';
  try {
    compile(path.startsWith('$') ? path : `$.${path}`);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** A text, or what reads as one without doubt. */
const SCALAR: Rule = {
  expected: 'a text, a whole number, true or false',
  isSecret: true,
  accepts: (value) => typeof value === 'string' || typeof value === 'boolean' || Number.isSafeInteger(value),
  schema: { type: ['string', 'boolean', 'integer'] },
  explain: (value) =>
    typeof value === 'number'
      ? [{ at: [], message: 'expected a text or a whole number, got another number; put it in quotes' }]
      : [],
};

const HEADER_VALUE: Rule = {
  ...SCALAR,
  expected: 'a text of printable Latin-1 characters, on one line',
  accepts: (value) => (typeof value === 'string' ? HEADER_TEXT.test(value) : SCALAR.accepts(value)),
};

const SCALARS = listOf('a list of texts', SCALAR, { maxItems: 1000 });

const QUERY_VALUE: Rule = {
  expected: 'a text, a whole number, true, false, or a list of them',
  isSecret: true,
  accepts: (value) => SCALAR.accepts(value) || SCALARS.accepts(value),
  schema: { anyOf: [SCALAR.schema, SCALARS.schema] },
  explain: (value) => (Array.isArray(value) ? SCALARS : SCALAR).explain?.(value) ?? [],
};

/** A text, or a whole number that stands for its digits. */
export const START: Rule = anyOf('a text or a whole number', [
  text('a text'),
  wholeNumber(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
]);

export const HEADERS = mapOf('a map from header to text', { name: HEADER_NAME, value: HEADER_VALUE });

export const QUERY = mapOf('a map from parameter to text or list of texts', { value: QUERY_VALUE });

export const FORM = mapOf('a map from name to text', { value: SCALAR });
