import type { PlannedColumn } from './plan-columns.js';
import { columnText, extraRoom, PLACE, scanJson, type ReadableFile } from './readable-file.js';

/** Pages of one landed file that are read in one scan: a column that several of them have is called alike in all. */
export interface SharedScan {
  pages: ReadableFile[];
  /** For each planned column that a page has, where it is found. */
  columns: ({ page: ReadableFile; position: number } | undefined)[];
  /** Names in the source, by themselves in lower case: the engine takes no two that differ in that alone. */
  names: Map<string, string>;
}

/** Puts together the pages that can share a scan, nearly always all of a file. */
export function sharePages(pages: ReadableFile[], columns: PlannedColumn[]): SharedScan[] {
  const scans = new Map<string, SharedScan[]>();
  for (const page of pages) {
    const ofFile = scans.get(page.path) ?? [];
    scans.set(page.path, ofFile);
    const names = namesOf(page, columns);
    let scan = ofFile.find((one) => fits(one, names) && haveLikeNumbers(one, page, columns));
    if (scan === undefined) ofFile.push((scan = { pages: [], columns: [], names: new Map() }));
    scan.pages.push(page);
    for (const [n, position, name] of names) {
      scan.columns[n] ??= { page, position };
      scan.names.set(name.toLowerCase(), name);
    }
  }
  return [...scans.values()].flat();
}

/** Planned column, position and name in the source. */
type Name = [n: number, position: number, name: string];

function namesOf(page: ReadableFile, columns: PlannedColumn[]): Name[] {
  return columns.flatMap(({ positions }, n): Name[] => {
    const position = positions[page.index];
    return position === undefined ? [] : [[n, position, page.columns[position]!]];
  });
}

function fits({ columns, names }: SharedScan, wanted: Name[]): boolean {
  return wanted.every(([n, , name]) => {
    const known = columns[n];
    const isSame = known === undefined || known.page.columns[known.position] === name;
    return isSame && (names.get(name.toLowerCase()) ?? name) === name;
  });
}

/** Numbers are written as the texts of a column are, see `columnText`. */
function haveLikeNumbers({ columns }: SharedScan, page: ReadableFile, planned: PlannedColumn[]): boolean {
  return planned.every(({ numbersIn, cleaning, positions }, n) => {
    const known = columns[n];
    if (cleaning?.decimal !== ',' || !known || positions[page.index] === undefined) return true;
    return numbersIn.get(known.page.index) === numbersIn.get(page.index);
  });
}

/** The scan of `readFiles` for these pages; records of other pages of the file are left out. */
export function readPages({ pages, columns, names }: SharedScan, planned: PlannedColumn[]): string {
  const texts = planned.map((column, n) => {
    const found = columns[n];
    return `${found ? columnText(found.page, found.position, column) : 'NULL::VARCHAR'} AS r${n}`;
  });
  const places = PLACE.map((name) => `"${name}"`);
  const all = [...texts, `${fileOfPage(pages)} AS "#file"`, ...places, 'NULL::VARCHAR AS "#raw"'];
  const room = pages.reduce((most, page) => Math.max(most, extraRoom(page)), 0);
  const scan = scanJson([pages[0]!.path], { places: ['#page', ...PLACE], names: [...names.values()], room });
  return `SELECT * FROM (SELECT ${all.join(', ')} FROM ${scan}) WHERE "#file" IS NOT NULL`;
}

/** The index among the stage's files of the page that a record is of; NULL: it is none of these. */
export function fileOfPage(pages: ReadableFile[]): string {
  const last = pages.reduce((most, { page }) => Math.max(most, page!), 0);
  const indexes = Array.from<number | null>({ length: last + 1 }).fill(null);
  for (const { index, page } of pages) indexes[page!] = index;
  const first = indexes.findIndex((index) => index !== null);
  const shift = indexes[first]! - first;
  const areInRow = indexes.every((index, page) => page < first || index === page + shift);
  if (areInRow) return `CASE WHEN "#page" BETWEEN ${first} AND ${last} THEN "#page" + ${shift} END`;
  // Pages count from 1, as lists do. One constant: as an expression of so many it would take long to plan.
  const listed = indexes.slice(1).map((index) => index ?? 'NULL');
  return `('[${listed.join(',')}]'::BIGINT[])["#page"]`;
}
