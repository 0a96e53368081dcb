import type { Fault } from './fault.js';
import { CsvShape } from './shape/csv-shape.js';

type Path = (string | number)[];

/** Checks what the keys of `csv` mean together; the path is that of `csv`. */
export function checkCsv(csv: unknown, place: Path): Fault[] {
  return csv instanceof CsvShape ? [...checkColumns(csv, place), ...checkDialect(csv, place)] : [];
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
