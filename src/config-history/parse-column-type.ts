import { didYouMean, nearestWord } from '../nearest-word.js';
import { REFUSED_TYPES, TYPE_ALIASES, TYPE_NAMES } from './type-aliases.js';

const MAX_VARCHAR = 10_485_760;
const MAX_PRECISION = 1000;

/** A type's text in the words of the YAML, e.g. `numeric(12,2)`, or why there is none. */
export type ParsedType = { type: string } | { problem: string };

/**
 * Reads a column's type as people write it: any case, aliases from pandas and SQL, `numeric(12,2)`, `varchar(40)`.
 * Numbers in parentheses are allowed where the type takes them.
 */
export function parseColumnType(text: string): ParsedType {
  const plain = text.trim().toLowerCase().replace(/\s+/g, ' ');
  const refused = REFUSED_TYPES[plain];
  if (refused) return { problem: `expected a column type, got ${JSON.stringify(text)}; ${refused}` };
  const whole = TYPE_ALIASES.get(plain);
  if (whole) return { type: whole };
  const match = /^([a-z][a-z0-9_ ]*?) ?\( ?(\d{1,9})(?: ?, ?(\d{1,9}))? ?\)$/.exec(plain);
  const base = match && TYPE_ALIASES.get(match[1]!);
  if (!match || !base) return { problem: unknownType(text, plain) };
  return sizeType(base, match[1]!, [Number(match[2]), match[3] === undefined ? undefined : Number(match[3])]);
}

function sizeType(base: string, word: string, [first, second]: [number, number | undefined]): ParsedType {
  if (base === 'numeric') return sizeNumeric(first, second);
  if (SIZED_TEXTS.has(word) && second === undefined) return sizeVarchar(first);
  return { problem: `expected ${word} without numbers in parentheses` };
}

const SIZED_TEXTS = new Set([
  'varchar',
  'char',
  'character',
  'character varying',
  'nvarchar',
  'nchar',
  'string',
  'bpchar',
]);

function sizeNumeric(precision: number, scale = 0): ParsedType {
  if (precision < 1 || precision > MAX_PRECISION) {
    return {
      problem: `expected 1 to ${MAX_PRECISION} digits in numeric(digits, digits after the point), got ${precision}`,
    };
  }
  if (scale > precision) {
    return {
      problem: `expected at most ${precision} digits after the point in numeric(${precision},…), got ${scale}`,
    };
  }
  return { type: `numeric(${precision},${scale})` };
}

function sizeVarchar(length: number): ParsedType {
  if (length >= 1 && length <= MAX_VARCHAR) return { type: `varchar(${length})` };
  return { problem: `expected 1 to ${MAX_VARCHAR} characters in varchar(n), got ${length}` };
}

function unknownType(text: string, plain: string): string {
  const word = plain.replace(/[^a-z0-9_ ].*$/, '').trim();
  const near = nearestWord(word, [
    ...TYPE_NAMES.map((name) => name.replace(/\(.*/, '')),
    ...TYPE_ALIASES.keys(),
  ]);
  return `expected one of ${TYPE_NAMES.join(', ')}, got ${JSON.stringify(text.slice(0, 60))}${didYouMean(near)}`;
}
