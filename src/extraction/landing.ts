import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCode } from './file-errors.js';
import type { DetectedFormat, LandedFile } from './landed-file.js';
import type { LocalSource } from './local-source.js';
import type { ByteSource } from './read-chunks.js';
import type { SeenFile } from './seen-file.js';
import type { TextTraits } from './text-probe.js';

/** Files that are written in one place, with a common beginning of their names. Closes every file that it opened. */
export class OpenFiles {
  private readonly handles: FileHandle[] = [];

  /** @param base absolute path in the landed folder; what is written here is called `base` plus an ending */
  constructor(readonly base: string) {}

  /** Opens `base` + `ending` anew for writing and reading; its folder is made when missing. */
  async create(ending: string): Promise<{ path: string; handle: FileHandle }> {
    const path = this.base + ending;
    const handle = await openNew(path);
    return { path, handle: this.keep(handle) };
  }

  keep(handle: FileHandle): FileHandle {
    this.handles.push(handle);
    return handle;
  }

  async close(): Promise<void> {
    await Promise.all(this.handles.map(async (handle) => handle.close()));
  }
}

/** Most files stay where they are and need no folder here, so that none is made for each. */
async function openNew(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'w+', 0o600);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    return open(path, 'w+', 0o600);
  }
}

/** One file on its way from its source to its landed form. */
export class Landing extends OpenFiles {
  constructor(
    readonly file: SeenFile,
    readonly source: LocalSource,
    base: string,
    readonly signal?: AbortSignal,
  ) {
    super(base);
  }
}

/** The bytes of a file without their compression. */
export interface UnpackedFile {
  handle: ByteSource;
  path: string;
  size: number;
  text: TextTraits;
  /** The first 64 KiB, or all there is. */
  head: Buffer;
  compression: DetectedFormat['compression'];
}

/** A text in UTF-8, or in what claims to be. */
export interface DecodedText extends Omit<UnpackedFile, 'head'> {
  /** What was read of its beginning already; absent: nothing. */
  head?: Buffer;
  /** As it was in the source, for display. */
  encoding: string;
  /** Bytes of a byte order mark at the start. */
  bomBytes: number;
}

/** What a format's own landing settles; the rest is the same for all. */
export type LandedContent = Pick<
  LandedFile,
  | 'detected'
  | 'format'
  | 'path'
  | 'rawPath'
  | 'dialect'
  | 'columns'
  | 'nested'
  | 'numbers'
  | 'rejects'
  | 'longest'
>;
