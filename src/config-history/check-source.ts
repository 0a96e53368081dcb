import type { Fault } from './fault.js';
import { isPlainMap } from './shape/key.js';
import type { CsvShape } from './shape/csv-shape.js';
import type { SourceShape } from './shape/source-shape.js';

type Path = (string | number)[];

/** Checks what a source's keys mean together; the path is the source's. */
export function checkSource(source: SourceShape, path: Path): Fault[] {
  if (!isPlainMap(source.csv)) return [];
  const csv = source.csv as CsvShape;
  const place = [...path, 'csv'];
  return [...checkColumns(csv, place), ...checkDialect(csv, place)];
}

function checkColumns(csv: CsvShape, place: Path): Fault[] {
  if (csv.header === false && csv.columns === undefined) {
    const message = 'expected columns beside header: false, got nothing';
    return [{ path: [...place, 'columns'], message, at: 'missing' }];
  }
  if (csv.columns === undefined || csv.header === false) return [];
  // A header that is neither true nor false was told of already.
  if (csv.header !== undefined && csv.header !== true) return [];
  const got = csv.header === true ? 'true' : 'nothing';
  const message = `expected header: false beside columns, got ${got}`;
  return [{ path: [...place, 'header'], message, at: csv.header === true ? 'value' : 'missing' }];
}

/** With `delimiter: auto` the delimiter is known, and checked, only once a file is there. */
function checkDialect(csv: CsvShape, place: Path): Fault[] {
  const delimiter = csv.delimiter === '\\t' ? '\t' : (csv.delimiter ?? 'auto');
  const quote = csv.quote ?? '"';
  const faults: Fault[] = [];
  if (quote === delimiter) {
    const message = `expected another character than the delimiter, got ${JSON.stringify(quote)} for both`;
    faults.push({ path: [...place, 'quote'], message });
  }
  const parts = [quote, delimiter === 'auto' ? '' : delimiter, '\r', '\n'].filter((part) => part !== '');
  const nulls: unknown[] = Array.isArray(csv.nulls) ? csv.nulls : [];
  nulls.forEach((text, index) => {
    const found = parts.find((part) => typeof text === 'string' && text.includes(part));
    if (found === undefined) return;
    const message = `expected a text without the delimiter, the quote and line ends, got one with ${JSON.stringify(found)}`;
    faults.push({ path: [...place, 'nulls', index], message });
  });
  return faults;
}
