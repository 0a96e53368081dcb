import type { ColumnPart } from './column-part.js';
import { identifier, literal } from './engine.js';
import { PLACE } from './readable-file.js';
import { identityOf, identityText } from './row-identity.js';
import { isNulling, isText, type SettledColumn } from './settled-column.js';
import { badValue, checkedRows, FAULT, misfits, type RowRules } from './stage-sql.js';

/** A fault is `#error` and, so many times, its rank: of several the one that is looked at first counts. */
const RANK = 10_000_000;

/**
 * The rows of slice `n` of a wide stage: its own typed columns as `c{index}` (and `#nulled{index}`), `#text{n}`, the part of
 * the identity's text that they make, `#fault{n}` and `#bad{n}`. The first slice has `#file0` and the places as well.
 */
export function sliceRows(part: ColumnPart, n: number, width: number): string {
  const { columns, indexes, relation, rules } = part;
  const own = indexes.flatMap((index, at) =>
    part.own.includes(index) ? [{ index, at, column: columns[at]! }] : [],
  );
  const text = identityText(own.map(({ at, column: { name } }) => ({ name, canonical: `k${at}` })));
  const out = [
    ...own.map(({ index, at }) => `t${at} AS c${index}`),
    ...own.flatMap(({ index, at, column }) =>
      isNulling(column) ? [`${misfits(column, at)} AS "#nulled${index}"`] : [],
    ),
    `CASE WHEN "#error" IS NULL THEN ${text} END AS "#text${n}"`,
    `${faultOf(part, width)} AS "#fault${n}"`,
    `CASE WHEN "#error" IS NOT NULL THEN ${badValue(columns, rules.unwanted ?? [])} END AS "#bad${n}"`,
    ...(n === 0 ? ['#file', ...PLACE].map((name) => `"${name}" AS "${name}0"`) : []),
  ];
  return `SELECT ${out.join(',\n')} FROM (${checkedRows(relation, columns, rules)})`;
}

/** Columns with an expression are looked at behind the others, unwanted ones last: as in a stage that is not sliced. */
function faultOf({ columns, indexes, unwanted, rules }: ColumnPart, width: number): string {
  const faults = indexes.map((index, at) => (columns[at]!.derived ? width + index : index) * RANK + index);
  for (const [at, index] of unwanted.entries())
    faults[rules.unwanted![at]!] = (2 * width + index) * RANK + index;
  const all = Array.from(faults, (fault) => fault ?? 0);
  const column = `"#error" % ${FAULT.required}`;
  return `([${all.join(', ')}]::BIGINT[])[${column} + 1] + "#error" - ${column}`;
}

/** SQL of a CSV field as COPY and the engine's own writer have it: NULL empty, an empty text `""`. */
function csvField({ index, column }: { index: number; column: SettledColumn }): string {
  const value = `c${index}`;
  const isBare = !isText(column) && column.type.name !== 'json';
  if (isBare) return `${value}::VARCHAR`;
  const quoted = `'"' || replace(${value}, '"', '""') || '"'`;
  return `CASE WHEN ${value} = '' OR regexp_matches(${value}, '[",#\\n\\r]') THEN ${quoted} ELSE ${value} END`;
}

/** Some columns' fields of a CSV line. */
export function csvText(fields: { index: number; column: SettledColumn }[]): string {
  return `concat(${fields.map(csvField).join(`, ',', `)})`;
}

/** How many parts of each kind stand beside each other. */
export interface SlicedParts {
  slices: number;
  fragments: number;
  /** Parts of the record as JSON; 0: there is none. */
  raws: number;
}

/**
 * The records of a wide stage from its parts, without their columns: `#file`, `#error`, `#hash`, `#bad`, the places and `#raw` as
 * `stageRows` has them, and `#csv`, the whole line of a good row.
 */
export function mergeRows(parts: string, counts: SlicedParts, { keepPlaces }: RowRules): string {
  const of = (name: string, count: number) => Array.from({ length: count }, (_, n) => `"#${name}${n}"`);
  const faults = of('fault', counts.slices);
  const bads = faults.map((fault, n) => `WHEN ${fault} THEN "#bad${n}"`);
  const lines = of('csv', counts.fragments).join(`, ',', `);
  const isGood = '"#fault" IS NULL';
  const told = (value: string, name: string) =>
    `${keepPlaces ? value : `CASE WHEN NOT ${isGood} THEN ${value} END`} AS "${name}"`;
  const out = [
    '"#file0" AS "#file"',
    `("#fault" % ${RANK})::INTEGER AS "#error"`,
    `CASE WHEN ${isGood} THEN ${identityOf(of('text', counts.slices))} END AS "#hash"`,
    `CASE "#fault" ${bads.join(' ')} END AS "#bad"`,
    ...PLACE.map((name) => told(`"${name}0"`, name)),
    told(counts.raws > 0 ? rawOf(of('raw', counts.raws)) : 'NULL::VARCHAR', '#raw'),
    `CASE WHEN ${isGood} THEN concat(${lines}) END AS "#csv"`,
  ];
  const faulty = `SELECT *, least(${faults.join(', ')}) AS "#fault" FROM ${parts}`;
  return `SELECT ${out.join(',\n')} FROM (${faulty})`;
}

/** JSON objects, put together. Empty for files of other formats, which have none. */
function rawOf(parts: string[]): string {
  const inner = parts.map((part) => `nullif(substr(${part}, 2, length(${part}) - 2), '')`);
  return `nullif('{' || concat_ws(',', ${inner.join(', ')}) || '}', '{}')`;
}

/** The line above those, as CSV. */
export const headerLine = (names: string[]): string =>
  names.map((name) => (/[",#\n\r]/.test(name) ? identifier(name) : name)).join(',');

/** Options that write one text column as it is. */
export const RAW_LINES = `FORMAT csv, QUOTE '', ESCAPE '', DELIMITER ${literal('\u0001')}`;
