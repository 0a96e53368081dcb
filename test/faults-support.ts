import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RunDto, StreamReportDto } from '../src/jobs/run.dto.js';
import { query, Service } from './jobs-support.js';
import type { TestApp } from './support.js';

/** The folders of one app that faults happen to; each has a pipeline and a table of its name. */
export class FaultyFolders {
  readonly service: Service;

  constructor(private readonly app: TestApp) {
    this.service = new Service(app.url);
  }

  path(name: string): string {
    return join(this.app.dataRoot, name);
  }

  /** Makes a folder with these files and a pipeline that reads it, or what `source` says. */
  async make(
    name: string,
    files: Record<string, string | Buffer>,
    source = `path: ${name}`,
  ): Promise<string> {
    await mkdir(this.path(name), { recursive: true });
    for (const [file, content] of Object.entries(files)) {
      await mkdir(dirname(join(this.path(name), file)), { recursive: true });
      await writeFile(join(this.path(name), file), content);
    }
    await this.service.upload(
      `pipeline: ${name}\nmonitor: false\nsources: [{ type: local, ${source} }]\nschema: { columns: { id: integer } }`,
    );
    return this.path(name);
  }

  run(name: string): Promise<RunDto> {
    return this.service.run({ pipeline: name });
  }

  /** The ids in the folder's table, sorted. */
  async ids(name: string): Promise<number[]> {
    const rows = await query<{ id: number }>(this.app.database.url, `SELECT id FROM ${name} ORDER BY id`);
    return rows.map(({ id }) => id);
  }
}

/** Skipped files of a run's first stream, each with its reason. */
export function skippedOf({ streams: [stream] }: RunDto): Record<string, string> {
  return Object.fromEntries(stream!.skipped.map(({ name, reason }) => [name, reason]));
}

/** read = inserted + updated + duplicate + rejected, for the streams of a run and their files. */
export function isBalanced({ streams }: RunDto): boolean {
  const isEven = ({ read, inserted, updated, duplicate, rejected }: Counts) =>
    read === inserted + updated + duplicate + rejected;
  return streams.every((stream) => isEven(stream) && stream.files.every(isEven));
}

type Counts = Pick<StreamReportDto, 'read' | 'inserted' | 'updated' | 'duplicate' | 'rejected'>;
