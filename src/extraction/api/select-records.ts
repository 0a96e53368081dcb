import { compilePath, type FindValues } from './json-path.js';
import type { PageText } from './page-decoder.js';
import { isRawNumber } from './parse-json.js';

/** The names that a path begins with, before anything that may find more or less than one value. */
const DEFINITE = /^\$?(?:\.?[A-Za-z_][\w-]*|\[(?:\d+|'[^'\\]*'|"[^"\\]*")\])*/;

/**
 * The records at `source.records` in a page: an array that is found there is a list of records, anything else is one.
 * A page without anything there is an error, for records under another name would be lost without a word; null, `{}`
 * and what looks like an empty page are no records. Throws ApiRefused.
 */
export function selectRecords(
  body: unknown,
  { source, refuse }: Pick<PageText, 'source' | 'refuse'>,
): unknown[] {
  const path = source.records;
  const found = compile(path)(body);
  const definite = DEFINITE.exec(path)?.[0] ?? '$';
  const isDefinite = definite === path;
  if (found.length === 0 && !isEmpty(body)) {
    // `$.items[*]` finds nothing in an empty list, and nothing where there is no list.
    const holders = isDefinite || definite === '' || definite === '$' ? [] : compile(definite)(body);
    if (!holders.some((holder) => holder === null || typeof holder === 'object'))
      throw refuse('API_RECORDS_MISSING', `expected records at ${path}, got ${describe(body)}`);
  }
  const [only] = found;
  if (isDefinite && found.length === 1 && (typeof only !== 'object' || isRawNumber(only))) {
    throw refuse('API_RECORDS_MISSING', `expected an array or an object at ${path}, got ${kindOf(only)}`);
  }
  const records = isDefinite && isEmpty(only) ? [] : flatten(found);
  if (records.length === 0 && holdsErrors(body))
    throw refuse('API_ERRORS', `expected records at ${path}, got none and ${describe(body)}`);
  return records;
}

const compiled = new Map<string, FindValues>();

function compile(path: string): FindValues {
  const known = compiled.get(path);
  if (known !== undefined) return known;
  if (compiled.size >= 1_000) compiled.clear();
  const find = compilePath(path);
  compiled.set(path, find);
  return find;
}

function flatten(found: unknown[]): unknown[] {
  if (found.length === 1 && Array.isArray(found[0])) return found[0] as unknown[];
  return found.flatMap((value) => (Array.isArray(value) ? (value as unknown[]) : [value]));
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  return typeof value === 'object' && !isRawNumber(value) && Object.keys(value).length === 0;
}

/** GraphQL answers 200 with `errors` and null where the data should be; others do so too. */
function holdsErrors(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return false;
  const { errors, error } = body as Record<string, unknown>;
  return (
    (Array.isArray(errors) && errors.length > 0) ||
    (!isEmpty(error) && error !== false && error !== '' && error !== 0)
  );
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
