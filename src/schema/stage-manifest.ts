import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { flushPath } from '../flush-path.js';
import type { NulledColumn, Stage } from './stage.js';
import { slicePath } from './staged-rows.js';

/** How the rows lie in their file; counts up with it, so that none is read that another version has written. */
const LAYOUT = 2;

/** What has to be known to open a stage again. */
export interface StageManifest extends Pick<
  Stage,
  'columns' | 'files' | 'goesOnFrom' | 'rows' | 'identities' | 'rejected' | 'rejectsPath'
> {
  /** Absent in those from before there were any. */
  nulled?: NulledColumn[];
  /** There is a file of origins. */
  keepsPlaces: boolean;
  /** Rows do not stand as their numbers say. */
  isReordered: boolean;
  /** Of a wide table: indexes of the columns in each slice. */
  slices?: number[][];
}

/** Where the parts of a table's stage lie in the folder of its run. */
export const stagePaths = (folder: string, table: string) => ({
  rows: path.join(folder, `${table}.parquet`),
  rejects: path.join(folder, `${table}.rejects.ndjson`),
  origins: path.join(folder, `${table}.origins.ndjson`),
  manifest: path.join(folder, `${table}.stage.json`),
  careful: path.join(folder, `${table}.careful`),
});

/** Makes a stage count as finished: after this, and only then, `readManifest` finds it, also after a power cut. */
export async function writeManifest(folder: string, table: string, manifest: StageManifest): Promise<void> {
  const { rows, manifest: target } = stagePaths(folder, table);
  await flushPath(rows);
  for (const n of manifest.slices?.keys() ?? []) await flushPath(slicePath(rows, n));
  if (manifest.rejectsPath !== null) await flushPath(manifest.rejectsPath);
  await writeFile(`${target}.tmp`, JSON.stringify({ layout: LAYOUT, ...manifest }), { flush: true });
  await rename(`${target}.tmp`, target);
  await flushPath(folder);
}

/** null: no attempt of this version has finished this stage. */
export async function readManifest(folder: string, table: string): Promise<StageManifest | null> {
  try {
    const text = await readFile(stagePaths(folder, table).manifest, 'utf8');
    const { layout, ...manifest } = JSON.parse(text) as StageManifest & { layout?: number };
    return layout === LAYOUT ? manifest : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
