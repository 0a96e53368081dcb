import { list, literal } from './engine.js';
import type { SettledColumn } from './settled-column.js';

/**
 * Version of the canonical form that a row's identity is computed from. It stands in front of the hashed text; changing
 * the form in any way means a new number, and that every table's rows count as unseen.
 */
const IDENTITY_VERSION = 'v1';

/** A value of a row, by the name of its column. */
export interface NamedValue {
  name: string;
  /** SQL of its canonical text. */
  canonical: string;
}

/**
 * SHA-256, cut to 16 bytes, over the (name, value) pairs of the columns that are not null, sorted by name, each part
 * with its length in bytes in front: so no two different rows have one text. `k0`, `k1`, … are the values' canonical
 * texts.
 */
export function rowIdentity(columns: Pick<SettledColumn, 'name'>[]): string {
  return identityOf(pairs(columns.map(({ name }, n) => ({ name, canonical: `k${n}` }))));
}

/** SQL of the part of the hashed text that some columns make, which stand together when all are sorted by name. */
export function identityText(values: NamedValue[]): string {
  return values.length > 0 ? `concat(${pairs(values).join(', ')})` : `''`;
}

/** SQL of the identity that such parts make, in their order. */
export function identityOf(parts: string[]): string {
  const text = parts.length
    ? `concat(${literal(IDENTITY_VERSION)}, ${parts.join(', ')})`
    : literal(IDENTITY_VERSION);
  return `left(sha256(${text}), 32)::UUID`;
}

/** The order in which names enter a row's identity. */
export const compareNames = (one: string, other: string): number =>
  Buffer.compare(Buffer.from(one), Buffer.from(other));

function pairs(values: NamedValue[]): string[] {
  const isListed = values.length <= LISTED_COLUMNS;
  return values
    .toSorted((a, b) => compareNames(a.name, b.name))
    .map(({ name, canonical }) => pair(name, canonical, isListed));
}

/** Lengths that are looked up instead of being written anew for every value: most are short. */
const LISTED_LENGTHS = 48;
/** In wider tables the lists would be longer than the statement. */
const LISTED_COLUMNS = 200;

/** NULL, and so nothing, for a value that is NULL. */
function pair(name: string, canonical: string, isListed: boolean): string {
  const start = `${Buffer.byteLength(name)}:${name}`;
  const written = `${literal(start)} || strlen(${canonical}) || ':'`;
  if (!isListed) return `${written}, ${canonical}`;
  const lengths = Array.from({ length: LISTED_LENGTHS }, (_, length) => `${start}${length}:`);
  return `coalesce(${list(lengths)}[strlen(${canonical}) + 1], ${written}), ${canonical}`;
}
