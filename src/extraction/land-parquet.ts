import { FileRefused } from './file-errors.js';
import type { LandedContent, UnpackedFile } from './landing.js';
import { readPart } from './read-chunks.js';

/** Parquet stays as it is, once it has the format's mark at both ends; a file cut short lacks the second. Throws FileRefused. */
export async function landParquet(file: UnpackedFile): Promise<LandedContent> {
  const head = (await readPart(file.handle, 0, 4)).toString('latin1');
  const tail = file.size < 12 ? '' : (await readPart(file.handle, file.size - 4, 4)).toString('latin1');
  if (head !== 'PAR1' || tail !== 'PAR1') {
    const place = head === 'PAR1' ? 'no "PAR1" at its end (cut short?)' : 'no "PAR1" at its start';
    throw new FileRefused(`expected a Parquet file, got a file with ${place}`);
  }
  return {
    detected: {
      format: 'parquet',
      compression: file.compression,
      encoding: null,
      delimiter: null,
      header: null,
    },
    format: 'parquet',
    path: file.path,
    rawPath: file.path,
    dialect: null,
    columns: null,
    nested: [],
    longest: 0,
    rejects: null,
  };
}
