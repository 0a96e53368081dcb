import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** What a run leaves on disk while it is at work: landed files and stages, under `<home>/runs/<id>`. */
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
    const path = join(this.path, 'landed', `${stream}-${source}`);
    await mkdir(path, { recursive: true });
    return path;
  }

  /** Throws away all that earlier steps left, so that they begin anew. */
  async clear(): Promise<void> {
    await this.remove();
    await this.open();
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

export function runsFolder(home: string): string {
  return join(home, 'runs');
}
