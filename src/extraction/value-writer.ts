import type { FileHandle } from 'node:fs/promises';
import type { LandedFile } from './landed-file.js';
import type { OpenFiles } from './landing.js';
import { rejectLine } from './ndjson-writer.js';
import { encodeSlice } from './text-window.js';
import { ValueLander } from './value-lander.js';

interface OpenFile {
  path: string;
  handle: FileHandle;
}

/** Writes the landed lines of values, and the values themselves as the text that places point into. */
export class ValueWriter {
  private readonly lander = new ValueLander();
  private rejects: (OpenFile & { count: number }) | null = null;

  private constructor(
    private readonly files: OpenFiles,
    private readonly landed: OpenFile,
    private readonly raw: OpenFile,
  ) {}

  static async open(files: OpenFiles): Promise<ValueWriter> {
    return new ValueWriter(files, await files.create('.ndjson'), await files.create('.raw.ndjson'));
  }

  add(value: unknown, line: number): void {
    this.lander.add(value, line);
  }

  async flush(): Promise<void> {
    const { landed, raw, rejects } = this.lander.take();
    if (landed !== '') await this.landed.handle.writeFile(landed);
    if (raw !== '') await this.raw.handle.writeFile(raw);
    if (rejects.length === 0) return;
    this.rejects ??= { ...(await this.files.create('.rejects.ndjson')), count: 0 };
    this.rejects.count += rejects.length;
    const lines = rejects.map((reject) => rejectLine({ ...reject, raw: encodeSlice(reject.raw) }));
    await this.rejects.handle.writeFile(lines.join(''));
  }

  /** Writes what is left and tells what a landed file says about it. */
  async finish(): Promise<
    Pick<LandedFile, 'path' | 'rawPath' | 'columns' | 'nested' | 'numbers' | 'longest' | 'rejects'>
  > {
    await this.flush();
    const { rejects } = this;
    return {
      path: this.landed.path,
      rawPath: this.raw.path,
      ...this.lander.finish(),
      rejects: rejects && { path: rejects.path, count: rejects.count },
    };
  }
}
