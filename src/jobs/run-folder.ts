import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoadCursors } from '../loader/cursors.js';

/** What APIs gave costs a request to have again: it outlives a stage that has to be made anew. */
const KEPT = ['fetched', 'parents'];

/** What a run leaves on disk while it is at work: fetched pages, landed files and stages, under `<home>/runs/<id>`. */
export class RunFolder {
  readonly path: string;

  constructor(home: string, runId: string) {
    this.path = join(runsFolder(home), runId);
  }

  /** Makes the folder; what an earlier attempt left in it stays. */
  async open(): Promise<void> {
    await mkdir(this.path, { recursive: true });
  }

  /** Folder for the landed files of a stream's source; made when missing. */
  async landed(stream: number, source: number): Promise<string> {
    return this.folder('landed', `${stream}-${source}`);
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

  /** Throws away what earlier steps left, so that they begin anew; what was fetched stays. */
  async clear(): Promise<void> {
    await this.open();
    for (const name of await readdir(this.path)) {
      if (!KEPT.includes(name)) await rm(join(this.path, name), { recursive: true, force: true });
    }
  }

  /** Throws away the pages of a stream that is loaded. */
  async dropFetched(stream: number, sources: readonly number[]): Promise<void> {
    for (const source of sources) {
      await rm(await this.fetched(stream, source), { recursive: true, force: true });
    }
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }

  private cursorsPath(stream: number): string {
    return join(this.path, `${stream}.cursors.json`);
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
