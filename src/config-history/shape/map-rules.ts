import { isPlainMap } from './key.js';
import { explainFault, type Rule, type RuleFault } from './rules.js';

const MOST_ENTRIES = 200;

/** A map from names that the user chooses to values of one rule; faults point at the entry. */
export function mapOf(
  expected: string,
  { name, value, most = MOST_ENTRIES }: { name?: Rule; value: Rule; most?: number },
): Rule {
  const explain = (given: unknown): RuleFault[] => {
    // A text in place of a map may hold a token.
    if (!isPlainMap(given)) return typeof given === 'string' ? [gotText(expected)] : [];
    return Object.entries(given).flatMap(([key, item]) => [
      ...(!name || name.accepts(key) ? [] : under(key, explainFault(name, key), 'key')),
      ...(value.accepts(item) ? [] : under(key, explainFault(value, item))),
    ]);
  };
  return {
    expected,
    accepts: (given) => isPlainMap(given) && Object.keys(given).length <= most && explain(given).length === 0,
    schema: {
      type: 'object',
      ...(name && { propertyNames: name.schema }),
      additionalProperties: value.schema,
      maxProperties: most,
    },
    explain,
  };
}

function gotText(expected: string): RuleFault {
  return { at: [], message: `expected ${expected}, got a text` };
}

function under(key: string, faults: RuleFault[], of?: 'key'): RuleFault[] {
  return faults.map(({ at, message }) => ({ at: [key, ...at], message, ...(of && { of }) }));
}

/** Any map of JSON. */
export const JSON_MAP: Rule = {
  expected: 'a map',
  accepts: (value) => isPlainMap(value) && findUnsafe(value, []).length === 0,
  schema: { type: 'object' },
  explain: (value) =>
    isPlainMap(value) ? findUnsafe(value, []) : typeof value === 'string' ? [gotText('a map')] : [],
};

/** Any JSON. */
export const JSON_VALUE: Rule = {
  expected: 'a JSON value',
  accepts: (value) => value !== undefined && findUnsafe(value, []).length === 0,
  schema: {},
  explain: (value) => (value === undefined ? [] : findUnsafe(value, [])),
};

/** Numbers that JSON does not have, or that lost digits when they were read. */
function findUnsafe(value: unknown, at: (string | number)[]): RuleFault[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => findUnsafe(item, [...at, index]));
  if (isPlainMap(value))
    return Object.entries(value).flatMap(([key, item]) => findUnsafe(item, [...at, key]));
  if (typeof value !== 'number') return [];
  if (Number.isSafeInteger(value) || (Number.isFinite(value) && !Number.isInteger(value))) return [];
  const message = 'expected a number of JSON with at most 15 digits, got another one; put it in quotes';
  return [{ at, message }];
}
