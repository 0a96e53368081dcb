import { canonicalText } from './canonical-text.js';
import { cleanText } from './clean-text.js';
import { deriveColumns, derivedText } from './derive-columns.js';
import { identifier } from './engine.js';
import { readAssumed } from './infer-columns.js';
import {
  canonicalPrinted,
  cleanPrinted,
  printedNames,
  printedParts,
  printedProof,
  readPrinted,
} from './printed-value.js';
import { PLACE } from './readable-file.js';
import { plainNumber } from './read-number.js';
import { readValue } from './read-value.js';
import { rowIdentity } from './row-identity.js';
import { isNulling, isText, type SettledColumn } from './settled-column.js';

/**
 * What a value's fault is, as `#error` holds it: the column's index, plus one of these. A record without columns has no
 * expression that could have failed.
 */
export const FAULT = {
  type: 0,
  required: 1_000_000,
  nul: 2_000_000,
  empty: 3_000_000,
  failed: 3_000_000,
} as const;

export interface RowRules {
  mayHoldNul: boolean;
  keepPlaces: boolean;
  /** Indexes of new columns that no record may have a value in. */
  unwanted?: number[];
  /** Other statements have more of the table's columns. */
  isPart?: boolean;
}

/**
 * The stage's rows from a relation of `readFiles`: the typed columns, `#hash` (NULL for refused records), `#file`,
 * `#error` (NULL for good ones) and, for refused records only, `#bad` (the value at fault), the place and `#raw`, which
 * all records have with `keepPlaces`. For each column `n` whose values may be made NULL, `#nulled{n}` says whether that
 * was done.
 */
export function stageRows(relation: string, columns: SettledColumn[], rules: RowRules): string {
  const { keepPlaces, unwanted = [] } = rules;
  const out = [
    // Numbered, so that no name of a user's column meets one of the engine's own.
    ...columns.map((_, n) => `t${n} AS c${n}`),
    ...columns.flatMap((column, n) => (isNulling(column) ? [`${misfits(column, n)} AS "#nulled${n}"`] : [])),
    '"#file"',
    '"#error"',
    `CASE WHEN "#error" IS NULL THEN ${rowIdentity(columns)} END AS "#hash"`,
    `CASE WHEN "#error" IS NOT NULL THEN ${badValue(columns, unwanted)} END AS "#bad"`,
    ...[...PLACE, '#raw'].map((name) =>
      keepPlaces ? `"${name}"` : `CASE WHEN "#error" IS NOT NULL THEN "${name}" END AS "${name}"`,
    ),
  ];
  return `SELECT ${out.join(',\n')} FROM (${checkedRows(relation, columns, rules)})`;
}

/** What `typedRows` has, the canonical texts `k0`, `k1`, …, and `#error`. */
export function checkedRows(relation: string, columns: SettledColumn[], rules: RowRules): string {
  const error = `(${errorOf(columns, rules)})::INTEGER AS "#error"`;
  // A projection of its own: what an expression in a CASE repeats is computed again each time.
  const canonical = columns.map((column, n) => {
    return `${canonicalPrinted(column, n, canonicalText(column, n))} AS k${n}`;
  });
  return `SELECT ${['*', ...canonical, error].join(', ')} FROM (${typedRows(relation, columns, rules)})`;
}

/**
 * `v0`, `v1`, … hold the cleaned texts, `t0`, `t1`, … the typed values; `r0`, … stay where a column is cleaned or an
 * expression refers to it, and what is known of printed values. Columns with an expression come to theirs when the others
 * are typed.
 */
export function typedRows(relation: string, columns: SettledColumn[], rules: RowRules): string {
  const rest = ['#file', ...PLACE, '#raw'];
  // A text of the form that a sample has is clean.
  const cleaned = columns.map((column, n) => {
    const text = column.isAssumed ? `r${n}` : cleanPrinted(column, n, cleanText(column, `r${n}`));
    return `${text} AS v${n}`;
  });
  const sources = sourceTexts(columns, rules);
  const proven = adding(adding(relation, columns.flatMap(printedParts)), columns.flatMap(printedProof));
  const kept = [...sources, ...columns.flatMap(printedNames)];
  const read = `SELECT ${[...cleaned, ...kept, ...rest.map(identifier)].join(', ')} FROM (${proven})`;
  const isPlain = (column: SettledColumn) => !column.derived;
  const texts = columns.map((_, n) => `v${n}`);
  const plain = columns.flatMap((column, n) => (isPlain(column) ? [`t${n}`] : []));
  const cast = `SELECT ${[...texts, ...kept, ...typed(columns, isPlain, rules), ...rest.map(identifier)].join(', ')} FROM (${withNumbers(read, columns, isPlain)})`;
  if (columns.every(isPlain)) return cast;
  const derived = deriveColumns(cast, columns, [...texts, ...kept, ...plain, ...rest]);
  const isDerived = (column: SettledColumn) => !isPlain(column);
  return `SELECT *, ${typed(columns, isDerived, rules).join(', ')} FROM (${withNumbers(derived, columns, isDerived)})`;
}

type Which = (column: SettledColumn) => boolean;

function sourceTexts(columns: SettledColumn[], { unwanted = [] }: RowRules): string[] {
  const cleaned = columns.flatMap(({ cleaning }, n) => (cleaning ? [`r${n}`] : []));
  const inputs = columns.flatMap(({ derived }) => derived?.inputs ?? []).map(({ sql }) => sql);
  const read = inputs.filter((sql) => sql.startsWith('r'));
  return [...new Set([...cleaned, ...read, ...unwanted.map((n) => `r${n}`)])];
}

function typed(columns: SettledColumn[], which: Which, rules: RowRules): string[] {
  return columns.flatMap((column, n) => {
    if (!which(column)) return [];
    if (column.isAssumed) return [`${readPrinted(column, n, readAssumed(column.type, `v${n}`))} AS t${n}`];
    const number = column.cleaning?.decimal ? `n${n}` : `v${n}`;
    const value = readPrinted(column, n, readValue(column, `v${n}`, number));
    // Without its NUL it would be another text.
    const isCleared = isNulling(column) && mayHaveNul(column, rules);
    return [`${isCleared ? `CASE WHEN NOT contains(v${n}, chr(0)) THEN ${value} END` : value} AS t${n}`];
  });
}

function withNumbers(relation: string, columns: SettledColumn[], which: Which): string {
  const numbers = columns.flatMap((column, n) => {
    const { decimal } = column.cleaning ?? {};
    return decimal && which(column) ? [`${plainNumber(`v${n}`, decimal)} AS n${n}`] : [];
  });
  return adding(relation, numbers);
}

/** What is looked at more than once, in a projection of its own. */
function adding(relation: string, parts: string[]): string {
  return parts.length > 0 ? `SELECT *, ${parts.join(', ')} FROM (${relation})` : relation;
}

function errorOf(columns: SettledColumn[], rules: RowRules): string {
  // Empty objects have no column, and a table without columns can hold no row.
  if (columns.length === 0 && !rules.isPart) return String(FAULT.empty);
  const faults = columns.map((column, n) => faultsOf(column, n, rules));
  // What an expression makes of a wrong value is no news.
  const cases = [
    // A value speaks for the type of its column also where its record is refused.
    ...columns.flatMap(({ isAssumed }, n) => (isAssumed ? faults[n]! : [])),
    ...columns.flatMap(({ derived, isAssumed }, n) => (derived || isAssumed ? [] : faults[n]!)),
    ...columns.flatMap(({ derived }, n) => (derived ? faults[n]! : [])),
    ...(rules.unwanted ?? []).map((n) => `WHEN r${n} IS NOT NULL THEN ${FAULT.type + n}`),
  ];
  return cases.length ? `CASE ${cases.join(' ')} END` : 'NULL';
}

const mayHaveNul = (column: SettledColumn, { mayHoldNul }: RowRules) =>
  isText(column) && (mayHoldNul || column.derived !== undefined);

/** SQL: whether there was a value that is none of the column's type. */
export function misfits({ derived }: SettledColumn, n: number): string {
  return `(${derived ? `f${n} OR ` : ''}(v${n} IS NOT NULL AND t${n} IS NULL))`;
}

function faultsOf(column: SettledColumn, n: number, rules: RowRules): string[] {
  if (isNulling(column)) return [];
  const isChecked = !(column.type.name === 'text');
  const holdsNul = mayHaveNul(column, rules);
  return [
    ...(column.derived ? [`WHEN f${n} THEN ${FAULT.failed + n}`] : []),
    ...(isChecked ? [`WHEN v${n} IS NOT NULL AND t${n} IS NULL THEN ${typeFault(column, n)}`] : []),
    ...(column.required ? [`WHEN t${n} IS NULL THEN ${FAULT.required + n}`] : []),
    ...(holdsNul ? [`WHEN contains(t${n}, chr(0)) THEN ${FAULT.nul + n}`] : []),
  ];
}

/** What the engine's error says when a value has not the form of the sample. */
export const WRONG_ASSUMPTION = 'a value is not of the type that the sample has';

/** The statement ends at the first value that has not the form of the sample. */
const typeFault = ({ isAssumed }: SettledColumn, n: number) =>
  isAssumed ? `error('${WRONG_ASSUMPTION}')` : String(FAULT.type + n);

/** SQL of the value at fault, by `#error`. */
export function badValue(columns: SettledColumn[], unwanted: number[]): string {
  const cases = columns.map(({ cleaning, derived }, n) => {
    const text = derived ? derivedText(derived, n) : `${cleaning ? 'r' : 'v'}${n}`;
    return `WHEN ${n} THEN left(${text}, 200)`;
  });
  cases.push(...unwanted.map((n) => `WHEN ${n} THEN left(r${n}, 200)`));
  return cases.length ? `CASE "#error" % ${FAULT.required} ${cases.join(' ')} END` : 'NULL::VARCHAR';
}

/**
 * `duplicates: keep`: the n-th occurrence of a row, counted over the whole stage, gets an identity of its own. Only good
 * rows are kept, and their order is not: `#row` tells what it was.
 *
 * @param stage with its row numbers
 */
export function numberRepeats(stage: string): string {
  const good = `SELECT * EXCLUDE (file_row_number), file_row_number AS "#row" FROM ${stage} WHERE "#error" IS NULL`;
  const repeated = `SELECT "#hash" FROM ${stage} WHERE "#error" IS NULL GROUP BY "#hash" HAVING count(*) > 1`;
  const again = `left(sha256(concat("#hash", ':', "#nth")), 32)::UUID`;
  return (
    `${good} AND "#hash" NOT IN (${repeated}) UNION ALL BY NAME ` +
    `SELECT * EXCLUDE ("#hash", "#nth"), CASE WHEN "#nth" = 1 THEN "#hash" ELSE ${again} END AS "#hash" ` +
    `FROM (SELECT *, row_number() OVER (PARTITION BY "#hash") AS "#nth" FROM (${good} AND "#hash" IN (${repeated})))`
  );
}
