import { checkApiSource } from './check-api-source.js';
import { checkCsv } from './check-csv.js';
import type { Fault } from './fault.js';
import { ApiSourceShape } from './shape/api-source-shape.js';
import type { SourceShape } from './shape/source-shape.js';

/** Checks what a source's keys mean together; the path is the source's. */
export function checkSource(source: SourceShape, path: (string | number)[]): Fault[] {
  const faults = checkCsv(source.csv, [...path, 'csv']);
  return source instanceof ApiSourceShape ? [...faults, ...checkApiSource(source, path)] : faults;
}
