import { nameFault } from '../check-names.js';
import { isRawNumber } from '../api/parse-json.js';

/** Stands between the names on the way to a value inside an object, in the name of its column. */
export const nestedMark = '\u001f';

type Members = Record<string, unknown>;

/**
 * Gives out the members of an object as columns of their own, those of objects inside it as well, down to `levels`. An
 * object that is deeper stays whole, and so does one with a name that no column can have.
 */
export function flattenValue(
  column: string,
  value: Members,
  levels: number,
  give: (column: string, value: unknown) => void,
): void {
  for (const [name, member] of Object.entries(value)) {
    const inner = column + nestedMark + name;
    if (levels > 1 && isFlattenable(member)) flattenValue(inner, member, levels - 1, give);
    else give(inner, member);
  }
}

/** Whether a value is an object all of whose names can be columns'. */
export function isFlattenable(value: unknown): value is Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isRawNumber(value)) return false;
  return Object.keys(value).every((name) => nameFault(name) === null);
}

/** The way to a value, for people. */
export function showPath(column: string): string {
  return column.replaceAll(nestedMark, '.');
}
