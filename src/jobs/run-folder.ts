import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoadCursors } from '../loader/cursors.js';

/** Network file systems may hold what was removed for a moment. */
const WHOLE = { recursive: true, force: true, maxRetries: 3 };

/**
 * What a run leaves on disk while it is at work, under `<home>/runs/<id>`: a folder of its own for each stream's landed
 * files and its stage, and beside them what APIs gave, which costs a request to have again and outlives a stage that has
 * to be made anew.
 */
export class RunFolder {
  readonly path: string;

  constructor(home: string, id: string, folder = runsFolder(home)) {
    this.path = join(folder, id);
  }

  /** Makes the folder; what an earlier attempt left in it stays. */
  async open(): Promise<void> {
    await mkdir(this.path, { recursive: true });
  }

  /** Folder of a stream's stage; made by `clear`. */
  stream(stream: number): string {
    return join(this.path, 'streams', String(stream));
  }

  /** Folder for the landed files of a stream's source; made by who writes there. */
  landed(stream: number, source: number): string {
    return join(this.stream(stream), 'landed', String(source));
  }

  /** What a stream's combined CSV is made of, where its rows are not only added to those before; written by who knows. */
  steps(stream: number): string {
    return join(this.stream(stream), 'steps.json');
  }

  /** Folder for the pages of a stream's API source; made when missing. */
  async fetched(stream: number, source: number): Promise<string> {
    return this.folder('fetched', `${stream}-${source}`);
  }

  /** File for the rows that a stream's API source is asked once for each of; its folder is made when missing. */
  async parents(stream: number, source: number): Promise<string> {
    return join(await this.folder('parents'), `${stream}-${source}.ndjson`);
  }

  /** Makes durable what the load of a stream shall do about cursors; the stage comes after it. */
  async keepCursors(stream: number, cursors: LoadCursors): Promise<void> {
    await writeFile(this.cursorsPath(stream), JSON.stringify(cursors), { flush: true });
  }

  async cursors(stream: number): Promise<LoadCursors> {
    return JSON.parse(await readFile(this.cursorsPath(stream), 'utf8')) as LoadCursors;
  }

  /** Throws away what earlier steps of a stream left, so that they begin anew; what was fetched stays. */
  async clear(stream: number): Promise<void> {
    const path = this.stream(stream);
    await rm(path, WHOLE);
    await mkdir(path, { recursive: true });
  }

  /** Throws away the pages of a stream that is loaded. */
  async dropFetched(stream: number, sources: readonly number[]): Promise<void> {
    for (const source of sources) {
      await rm(await this.fetched(stream, source), WHOLE);
    }
  }

  async remove(): Promise<void> {
    await rm(this.path, WHOLE);
  }

  private cursorsPath(stream: number): string {
    return join(this.stream(stream), 'cursors.json');
  }

  private async folder(...parts: string[]): Promise<string> {
    const path = join(this.path, ...parts);
    await mkdir(path, { recursive: true });
    return path;
  }
}

export function runsFolder(home: string): string {
  return join(home, 'runs');
}
