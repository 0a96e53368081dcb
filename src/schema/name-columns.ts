import { TerminalError } from '../errors.js';

/** How source names become column names: normalised, or taken as they are. */
export type Naming = 'snake_case' | 'as_is';

/** Letters of any script, so that `größe` and `名前` are columns; quotes, blanks and signs never are. */
const COLUMN_NAME = /^[\p{L}_][\p{L}\p{N}_]*$/u;
/** PostgreSQL cuts longer names silently (NAMEDATALEN - 1). */
const MAX_NAME_BYTES = 63;
/** Stands between the names on the way to a value inside an object, as extraction hands it over. */
const NESTED_MARK = '\u001f';
/** Stands there in the column's name. */
const NESTED = '__';
const RESERVED = new Set(['__proto__', 'constructor', 'prototype']);
/** Every table of PostgreSQL has these already; https://www.postgresql.org/docs/current/ddl-system-columns.html */
const SYSTEM = new Set(['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid']);

/**
 * `activeFlag`, `Active Flag` and `ACTIVE-FLAG` become `active_flag`; letters lose their accents, everything else that
 * is no letter or digit separates words, and a name that begins with a digit gets an underscore in front.
 */
export function snakeCase(name: string): string {
  const words = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .normalize('NFC')
    .replace(/ß/g, 'ss')
    .replace(/ẞ/g, 'SS')
    .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, '$1_$2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1_$2')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_+|_+$/g, '');
  return /^\p{N}/u.test(words) ? `_${words}` : words;
}

export interface NameRules {
  naming: Naming;
  /** Names of the declared columns. */
  declared: string[];
  /** Column names by source name; they go before naming. */
  rename?: Record<string, string>;
}

/**
 * The column names of one file, in its order. A source name that `rename` has gets the name given there; one that
 * equals a declared column, as it is or after normalising both, takes the declared spelling.
 *
 * @throws TerminalError `COLUMN_NAME` when a name can be no column, or two source names meet in one
 */
export function nameColumns(sources: string[], rules: NameRules, file: string): string[] {
  const nameOf = columnNamer(sources, rules);
  const taken = new Map<string, string>();
  return sources.map((source) => {
    const name = nameOf(source);
    checkName(name, source, file);
    const other = taken.get(name.toLowerCase());
    if (other !== undefined) {
      throw new TerminalError(
        'COLUMN_NAME',
        `expected different column names, got "${shown(other)}" and "${shown(source)}", which both become ${name} (${file}); ` +
          `give one another name by rename`,
      );
    }
    taken.set(name.toLowerCase(), source);
    return name;
  });
}

/**
 * What the names of a file become. A name that is spelt just so goes before one that is the same after normalising. A
 * name of `rename` that stands in the file itself means no other there: so one of two names that meet can be given
 * another one. The name of a value inside an object is `a__b`; `rename` calls it `a.b`.
 *
 * @param sources all names of the file
 */
export function columnNamer(
  sources: string[],
  { naming, declared, rename = {} }: NameRules,
): (source: string) => string {
  const exact = new Map([...declared.map((name) => [name, name] as const), ...Object.entries(rename)]);
  const one = naming === 'as_is' ? (name: string) => name : snakeCase;
  const nested = (source: string) => {
    const [first = '', ...rest] = source.split(NESTED_MARK);
    return exact.get(shown(source)) ?? [exact.get(first) ?? one(first), ...rest.map(one)].join(NESTED);
  };
  if (naming === 'as_is') return (source) => exact.get(source) ?? nested(source);
  const there = new Set(sources);
  const renamed = Object.entries(rename).filter(([source]) => !there.has(source) && snakeCase(source) !== '');
  const near = new Map(
    [...declared.map((name) => [name, name] as const), ...renamed].map(([key, name]) => [
      snakeCase(key),
      name,
    ]),
  );
  return (source) => {
    if (source.includes(NESTED_MARK)) return nested(source);
    return exact.get(source) ?? near.get(snakeCase(source)) ?? snakeCase(source);
  };
}

/** A source's name for people. */
function shown(source: string): string {
  return source.replaceAll(NESTED_MARK, '.');
}

function checkName(name: string, source: string, file: string): void {
  if (SYSTEM.has(name)) {
    throw new TerminalError(
      'COLUMN_NAME',
      `expected another column name than ${name}, which is a system column of every table of PostgreSQL, ` +
        `got ${JSON.stringify(source)} (${file}); give it one by rename`,
    );
  }
  if (COLUMN_NAME.test(name) && Buffer.byteLength(name) <= MAX_NAME_BYTES && !RESERVED.has(name)) return;
  throw new TerminalError(
    'COLUMN_NAME',
    `expected a column name of letters, digits and underscores, 1 to 63 bytes, that begins with no digit, ` +
      `got ${JSON.stringify(shown(source).slice(0, 100))} (${file}); give it one by rename`,
  );
}
