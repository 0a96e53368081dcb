import type { PlannedColumn } from './plan-columns.js';
import { fileOfPage } from './read-pages.js';
import { columnText, PLACE, type ReadableFile } from './readable-file.js';
import { scanDelimited } from './scan-delimited.js';

/**
 * The scan of `readFiles` for files that were gathered into one, and which therefore have the same columns; records of
 * others that are read in another way since are left out.
 */
export function readGathered(files: ReadableFile[], planned: PlannedColumn[]): string {
  const first = files[0]!;
  const texts = planned.map((column, n) => {
    const position = column.positions[first.index];
    return `${position === undefined ? 'NULL::VARCHAR' : columnText(first, position, column)} AS r${n}`;
  });
  const places = PLACE.map((name) => `NULL::BIGINT AS "${name}"`);
  const all = [...texts, `${fileOfPage(files)} AS "#file"`, ...places, 'NULL::VARCHAR AS "#raw"'];
  return `SELECT * FROM (SELECT ${all.join(', ')} FROM ${scanDelimited([first])}) WHERE "#file" IS NOT NULL`;
}
