import { writeFile } from 'node:fs/promises';
import type { LandedFile } from '../../landed-file.js';
import { makePage, type MadePage, type PageToMake } from './make-page.js';

/** A page and where it goes. */
export interface PageToLand extends PageToMake {
  /** Absolute path; files are called so, plus an ending. An earlier attempt's are written over. */
  base: string;
}

const onlyOwner = { mode: 0o600 };

/** Lands a page in files of its own. Throws ApiRefused. */
export async function landPage(options: PageToLand): Promise<LandedFile> {
  const { base } = options;
  const made = await makePage(options);
  const [path, rawPath] = [`${base}.ndjson`, `${base}.raw.ndjson`];
  await Promise.all([
    writeFile(
      path,
      made.parts.map(({ landed }) => landed),
      onlyOwner,
    ),
    writeFile(
      rawPath,
      made.parts.map(({ raw }) => raw),
      onlyOwner,
    ),
  ]);
  return { ...made.about, path, rawPath, rejects: await writeRejects(made, base) };
}

/** Writes the refused records of a page to a file of their own, for few pages have some; null: there are none. */
export async function writeRejects(
  { rejects: { text, count } }: Pick<MadePage, 'rejects'>,
  base: string,
): Promise<LandedFile['rejects']> {
  if (count === 0) return null;
  const path = `${base}.rejects.ndjson`;
  await writeFile(path, text, onlyOwner);
  return { path, count };
}
