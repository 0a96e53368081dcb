import type { Fault } from './fault.js';
import type { YamlPlace } from './read-yaml.js';
import type { ColumnShape } from './shape/column-shape.js';
import { isPlainMap } from './shape/key.js';

type Path = (string | number)[];

/** What a column's contract and its other keys mean together. */
export function checkColumnContract({ contract, required, expression }: ColumnShape, path: Path): Fault[] {
  if (!isPlainMap(contract)) return [];
  const { invalid_rows: invalidRows, missing_columns: missingColumns } = contract;
  const fault = (key: string, message: string): Fault => ({ path: [...path, 'contract', key], message });
  return [
    ...((invalidRows === null || invalidRows === 'null') && required === true
      ? [fault('invalid_rows', 'expected reject or fail for a required column, got null')]
      : []),
    ...(missingColumns !== undefined && expression !== undefined
      ? [fault('missing_columns', 'expected no missing_columns for a column that is computed, got it')]
      : []),
  ];
}

/** Keys that may be null, and then have to say so: where a value was forgotten YAML has null too. */
const NULLABLE = new Set(['type_change', 'invalid_rows']);

/** Faults of the modes that nobody has written a value for. */
export function checkForgottenModes(value: unknown, place: YamlPlace, path: Path = []): Fault[] {
  if (!isPlainMap(value) && !Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const step = Array.isArray(value) ? Number(key) : key;
    const at = place.inside.get(step);
    if (!at) return [];
    if (inner !== null) return checkForgottenModes(inner, at, [...path, step]);
    if (!NULLABLE.has(key) || at.range[0] !== at.range[1]) return [];
    return [
      { path: [...path, step], message: `expected a mode for ${key} (or null, in letters), got nothing` },
    ];
  });
}
