import { open } from 'node:fs/promises';
import type { FileRefused } from './file-errors.js';
import type { LandedContent, Landing } from './landing.js';
import { NdjsonWriter } from './ndjson-writer.js';
import { readChunks } from './read-chunks.js';
import type { FileFormat } from './settle-format.js';

const LF = 10;

/** Lands a refused file: no record, and one reject that says why and where. It counts as one record read. */
export async function refuseFile(
  landing: Landing,
  refused: FileRefused,
  format: FileFormat,
): Promise<LandedContent> {
  const writer = await NdjsonWriter.open(landing);
  const { at, path, line } = refused.place;
  const place = at !== undefined && path !== undefined ? await findPlace(path, at) : null;
  const reason =
    place === null ? refused.reason : `line ${place.line}, character ${place.character}: ${refused.reason}`;
  writer.addReject({ line: place?.line ?? line ?? null, column: null, reason, raw: refused.raw });
  return {
    detected: {
      format: format === 'tsv' ? 'csv' : format,
      compression: null,
      encoding: null,
      delimiter: null,
      header: null,
    },
    format: 'ndjson',
    path: writer.path,
    rawPath: landing.file.path,
    dialect: null,
    columns: [],
    nested: [],
    ...(await writer.finish()),
  };
}

/** Line and character (both from 1) of a byte in a text; goes through the text, which is fine for the one fault of a file. */
async function findPlace(path: string, at: number): Promise<{ line: number; character: number }> {
  const handle = await open(path, 'r');
  try {
    let line = 1;
    let character = 1;
    for await (const chunk of readChunks(handle, { end: at })) {
      let from = 0;
      for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, from)) {
        from = end + 1;
        line++;
        character = 1;
      }
      for (const byte of chunk.subarray(from)) if ((byte & 0xc0) !== 0x80) character++;
    }
    return { line, character };
  } finally {
    await handle.close();
  }
}
