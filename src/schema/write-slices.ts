import { compareNames } from './row-identity.js';
import { readPart } from './column-part.js';
import { cutInto } from './cut-evenly.js';
import { mergeSlices } from './merge-slices.js';
import { type Part, type Slicing, writePart } from './slice-files.js';
import { sliceRows } from './slice-sql.js';
import { VECTOR_ROWS } from './stage-parquet.js';
import { slicePath } from './staged-rows.js';
import { UNWANTED_A_COLUMN } from './write-attempt.js';

/**
 * Writes a wide stage: each slice of its columns goes through the files by itself, and the slices are then put together
 * to the records. Slices follow the order of names, as a row's identity does; lines of CSV that of the columns.
 *
 * @returns the indexes of each slice's columns; null: a file has to be read in another way, which `isFaulty` tells
 */
export async function writeSlices(
  slicing: Slicing,
  isFaulty: () => Promise<boolean>,
): Promise<number[][] | null> {
  const { connection, request, plan, path, width, onStep } = slicing;
  const { columns } = plan;
  const byName = columns
    .map((_, n) => n)
    .toSorted((a, b) => compareNames(columns[a]!.name, columns[b]!.name));
  const most = { columns: width, unwanted: width * UNWANTED_A_COLUMN };
  const count = Math.max(
    Math.ceil(columns.length / most.columns),
    Math.ceil(plan.unwanted.length / most.unwanted),
  );
  const slices = cutInto(byName, count);
  const unwanted = cutInto([...plan.unwanted.keys()], count);
  const parts: Part[] = slices.map((_, n) => ({ path: slicePath(path, n), field: `slice${n}` }));
  let records: number | null = null;
  for (const [n, own] of slices.entries()) {
    const part = await readPart(connection, request, { plan, own, unwanted: unwanted[n]! });
    const rules = { ...part.rules, isPart: true };
    const rows = sliceRows({ ...part, rules }, n, columns.length);
    const written = await writePart(slicing, rows, parts[n]!, Math.min(plan.rows, VECTOR_ROWS));
    if (await isFaulty()) return null;
    records ??= written;
    if (written !== records)
      throw new Error(`the records of ${request.table} are not the same at every look`);
    onStep((n + 1) / (slices.length + 2));
  }
  await mergeSlices(slicing, slices, parts);
  return slices;
}
