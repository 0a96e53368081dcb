import { findErrorSigns, isNothing } from './find-error-signs.js';
import { compilePath, type FindValues } from '../json-path.js';
import { splitPath } from '../leading-path.js';
import { hideEmails } from '../session/hide-emails.js';
import type { PageText, RecordsShape } from './page-decoder.js';
import { isRawNumber } from '../parse-json.js';

/** How much of what an answer says is shown. */
const MOST_QUOTED = 200;

export interface Selected {
  records: unknown[];
  shape: RecordsShape;
}

/** What a path finds, and the place that it leads to before it picks or spreads anything. */
interface RecordsPath {
  find: FindValues;
  findHolder: FindValues;
  /** It leads to one place. */
  isSingular: boolean;
}

/**
 * The records at `source.records` in a page: an array that is found there is a list of records, anything else is one.
 * Null, `{}` and what looks like an empty page are no records, unless the answer says that it is an error. Nothing at all where the records should be is an error,
 * for they would be lost without a word if they had another name, and so are errors that stand beside `data` or in the
 * place of records. Throws ApiRefused.
 */
export function selectRecords(
  body: unknown,
  { source, refuse, hide }: Pick<PageText, 'source' | 'refuse' | 'hide'>,
): Selected {
  const path = pathOf(source.records);
  const expected = `expected records at ${source.records}`;
  const found = path.find(body);
  const isMissing = found.length === 0 && !isNothing(body) && !isEmptyList(body, path);
  const shape = isMissing ? 'one' : shapeOf(found, body, path);
  const signs = isMissing ? null : findErrorSigns(body);
  if (
    signs !== null &&
    (shape === 'none' || shape === 'null' || (signs.isPlain && flatten(found).length === 0))
  )
    throw refuse('API_ERROR_ANSWER', `${expected}, got none and ${quote(signs.text, hide)}`);
  const errors = errorsIn(body);
  const isPartial = errors !== null && Object.hasOwn(body as object, 'data');
  if (isMissing || isPartial) {
    const code = errors === null ? 'API_RECORDS_MISSING' : 'API_ERRORS';
    throw refuse(
      code,
      `${expected}, got ${describe(body)}${isPartial ? ', which may be a part of them' : ''}`,
    );
  }
  const [only] = found;
  if (path.isSingular && found.length === 1) {
    if (typeof only !== 'object' || isRawNumber(only))
      throw refuse(
        'API_RECORDS_MISSING',
        `expected an array or an object at ${source.records}, got ${kindOf(only)}`,
      );
    if (!Array.isArray(only) && isNothing(only)) found.pop();
  }
  const records = flatten(found);
  if (records.length === 0 && errors !== null)
    throw refuse('API_ERRORS', `${expected}, got none and ${describe(body)}`);
  return { records, shape };
}

const known = new Map<string, RecordsPath>();

function pathOf(path: string): RecordsPath {
  let compiled = known.get(path);
  if (compiled === undefined) {
    const { text, rest } = splitPath(path);
    compiled = { find: compilePath(path), findHolder: compilePath(text), isSingular: rest === '' };
    if (known.size >= 1_000) known.clear();
    known.set(path, compiled);
  }
  return compiled;
}

/** `$.items[*]` finds nothing in an empty list, a filter nothing in one without what it looks for. */
function isEmptyList(body: unknown, { findHolder, isSingular }: RecordsPath): boolean {
  const [holder] = isSingular ? [] : findHolder(body);
  return holder !== undefined && (Array.isArray(holder) || isNothing(holder));
}

function shapeOf(found: unknown[], body: unknown, { findHolder, isSingular }: RecordsPath): RecordsShape {
  if (found.length > 0 && !isSingular) return 'list';
  const [place] = isSingular ? found : findHolder(body);
  const value = place === undefined ? body : place;
  if (Array.isArray(value)) return 'list';
  if (place === null) return 'null';
  return isNothing(value) ? 'none' : isSingular ? 'one' : 'list';
}

function quote(text: string, hide: PageText['hide'] = (shown) => shown): string {
  const shown = hideEmails(hide(text)).replace(/[\p{C}\s]+/gu, ' ');
  return shown.length > MOST_QUOTED ? `${shown.slice(0, MOST_QUOTED).toWellFormed()}…` : shown;
}

function flatten(found: unknown[]): unknown[] {
  if (found.length === 1 && Array.isArray(found[0])) return found[0] as unknown[];
  return found.flatMap((value) => (Array.isArray(value) ? (value as unknown[]) : [value]));
}

/** Errors in an answer with status 200, as GraphQL has them, and null; a flag that says there is none is no error. */
function errorsIn(body: unknown): unknown {
  if (typeof body !== 'object' || body === null) return null;
  const { errors, error } = body as Record<string, unknown>;
  if (Array.isArray(errors) && errors.length > 0) return errors;
  return isNothing(error) || error === false || error === 0 ? null : error;
}

/** Names only: values may be anybody's. */
function describe(body: unknown): string {
  if (typeof body !== 'object' || body === null || Array.isArray(body) || isRawNumber(body))
    return kindOf(body);
  const names = Object.keys(body);
  const shown = names.slice(0, 10).map((name) => JSON.stringify(name.slice(0, 40)));
  return `an object with ${shown.join(', ')}${names.length > 10 ? ' and others' : ''}`;
}

function kindOf(value: unknown): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (isRawNumber(value)) return 'a number';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
