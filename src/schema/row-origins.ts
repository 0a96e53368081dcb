import { createWriteStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TransientError } from '../errors.js';
import type { ReadableText } from './collect-rejects.js';
import type { FileColumns } from './plan-columns.js';
import { recordLayout } from './record-layout.js';
import type { RecordLayout } from './stage.js';
import type { StageRequest } from './stage-request.js';

/** Where the rows of one file came from, so that they can be found again when the stage is finished. */
export interface Origin extends ReadableText {
  /** Index of the file. */
  file: number;
  /** Number of its first row in the stage. */
  first: number;
  fingerprint: string;
  layout: RecordLayout;
  /** What the file was, by `stampOf`. */
  stamp: string;
}

/** A file that rows were staged from is not what it was. */
export class SourceChanged extends TransientError {
  constructor(name: string) {
    super('SOURCE_CHANGED', `${name}: expected the file as it was staged, got a changed one`);
  }
}

/** Writes a line for each file that rows were staged from, and flushes it. */
export async function writeOrigins(
  path: string,
  { files }: StageRequest,
  { columns, firsts }: { columns: FileColumns[]; firsts: Map<number, number> },
): Promise<void> {
  // Pages share one.
  const stamps = new Map<string, string>();
  const lines = async function* () {
    for (const one of columns) {
      const first = firsts.get(one.file);
      if (first === undefined) continue;
      const { source, name, format, path, rawPath, rawStart, dialect, columns: names } = files[one.file]!;
      const { fingerprint } = files[one.file]!;
      const text = { source, name, format, path, rawPath, rawStart, dialect, columns: names };
      const layout = recordLayout(files[one.file]!, one);
      if (!stamps.has(rawPath)) stamps.set(rawPath, await stampOf(rawPath));
      const stamp = stamps.get(rawPath)!;
      const origin: Origin = { ...text, file: one.file, first, fingerprint, layout, stamp };
      yield `${JSON.stringify(origin)}\n`;
    }
  };
  await pipeline(Readable.from(lines()), createWriteStream(path, { flush: true }));
}

/** The origins by their files. */
export async function readOrigins(path: string): Promise<Map<number, Origin>> {
  const origins = new Map<number, Origin>();
  const file = await open(path);
  for await (const line of file.readLines()) {
    const origin = JSON.parse(line) as Origin;
    origins.set(origin.file, origin);
  }
  return origins;
}

/** @throws SourceChanged */
export async function checkOrigin({ name, rawPath, stamp }: Origin): Promise<void> {
  if ((await stampOf(rawPath)) !== stamp) throw new SourceChanged(name);
}

/** Changes with the file; empty when it is gone. */
async function stampOf(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch(() => null);
  return found ? [found.ino, found.size, found.mtimeNs, found.ctimeNs].join('-') : '';
}
