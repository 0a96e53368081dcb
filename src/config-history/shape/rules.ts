import { didYouMean, nearestWord } from '../../nearest-word.js';

export type JsonSchema = Record<string, unknown>;

/** What is wrong with a value, and where inside it. */
export interface RuleFault {
  at: (string | number)[];
  message: string;
  /** It is the key that is wrong, not its value. */
  of?: 'key';
}

/** What one key's value must be: checked at upload, and told to editors. */
export interface Rule {
  /** Follows "expected": `one of drop, keep`. */
  expected: string;
  accepts(value: unknown): boolean;
  schema: JsonSchema;
  /** Faults in the value's own words, where `expected X, got Y` does not say enough. */
  explain?(value: unknown): RuleFault[];
  /** The value must not be repeated in a message. */
  isSecret?: boolean;
}

/** Says what is wrong with a value that the rule does not accept. */
export function explainFault(rule: Rule, value: unknown): RuleFault[] {
  const faults = rule.explain?.(value) ?? [];
  if (faults.length > 0) return faults;
  return [{ at: [], message: `expected ${rule.expected}, got ${describeValue(value, rule.isSecret)}` }];
}

/** A value in a sentence: texts in quotes and cut at 80 characters, passwords inside a URL masked. */
export function describeValue(value: unknown, isSecret = false): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return Object.keys(value).length === 0 ? 'an empty map' : 'a map';
  if (isSecret) return `a ${typeof value === 'string' ? 'text that is not shown' : typeof value}`;
  if (typeof value !== 'string') return String(value);
  const masked = value.replace(/\/\/[^\s/]*@/g, '//***@');
  return JSON.stringify(masked.length > 80 ? `${masked.slice(0, 80)}…` : masked);
}

/** One of a few words; `note` tells of those that a reader may miss among them. */
export function oneOf(words: readonly string[], note?: string): Rule {
  const listed = words.length === 1 ? words[0]! : `one of ${words.join(', ')}`;
  const expected = note === undefined ? listed : `${listed} (${note})`;
  return {
    expected,
    accepts: (value) => typeof value === 'string' && words.includes(value),
    schema: { type: 'string', enum: [...words] },
    explain: (value) => {
      const near = typeof value === 'string' ? nearestWord(value, words) : undefined;
      const hint = words.length > 1 ? didYouMean(near) : '';
      return [{ at: [], message: `expected ${expected}, got ${describeValue(value)}${hint}` }];
    },
  };
}

/** A text that is not empty, of a pattern where one is given. */
export function text(expected: string, pattern = /^[\s\S]+$/, isSecret = false): Rule {
  return {
    expected,
    isSecret,
    accepts: (value) => typeof value === 'string' && pattern.test(value),
    schema: { type: 'string', pattern: pattern.source },
    explain: (value) => {
      if (isSecret || value === null || !['number', 'boolean'].includes(typeof value)) return [];
      if (!pattern.test(String(value))) return [];
      const kind = typeof value === 'number' ? 'number' : 'word';
      return [
        { at: [], message: `expected ${expected}, got the ${kind} ${String(value)}; put it in quotes` },
      ];
    },
  };
}

/** A whole number between two bounds, both allowed. */
export function wholeNumber(minimum: number, maximum: number): Rule {
  return {
    expected: `a whole number from ${minimum} to ${maximum}`,
    accepts: (value) => Number.isInteger(value) && Number(value) >= minimum && Number(value) <= maximum,
    schema: { type: 'integer', minimum, maximum },
  };
}

export const flag: Rule = {
  expected: 'true or false',
  accepts: (value) => typeof value === 'boolean',
  schema: { type: 'boolean' },
};

/** A value that one of several rules accepts. */
export function anyOf(expected: string, rules: readonly Rule[]): Rule {
  return {
    expected,
    accepts: (value) => rules.some((rule) => rule.accepts(value)),
    schema: { anyOf: rules.map((rule) => rule.schema) },
  };
}

/** A list of values, each of which the rule accepts; faults point at the item. */
export function listOf(
  expected: string,
  item: Rule,
  bounds: { minItems?: number; maxItems?: number; uniqueItems?: true } = {},
): Rule {
  const explain = (value: unknown): RuleFault[] => {
    if (!Array.isArray(value)) return [];
    const wrong = value.flatMap((entry, index) =>
      item.accepts(entry)
        ? []
        : explainFault(item, entry).map(({ at, message }) => ({ at: [index, ...at], message })),
    );
    return bounds.uniqueItems ? [...wrong, ...findRepeats(value)] : wrong;
  };
  return {
    expected,
    accepts: (value) =>
      Array.isArray(value) &&
      value.length >= (bounds.minItems ?? 0) &&
      value.length <= (bounds.maxItems ?? Infinity) &&
      explain(value).length === 0,
    schema: { type: 'array', items: item.schema, ...bounds },
    explain,
  };
}

function findRepeats(values: unknown[]): RuleFault[] {
  const seen = new Set<unknown>();
  return values.flatMap((value, index) => {
    if (!seen.has(value)) {
      seen.add(value);
      return [];
    }
    return [{ at: [index], message: `expected each name once, got ${describeValue(value)} a second time` }];
  });
}
