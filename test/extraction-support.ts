import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { landFile } from '../src/extraction/land-file.js';
import type { LandedFile, RecordReject } from '../src/extraction/landed-file.js';
import { listFiles } from '../src/extraction/list-files.js';
import type { LocalSource } from '../src/extraction/local-source.js';
import { lookAtFiles } from '../src/extraction/look-at-files.js';
import type { SeenFile } from '../src/extraction/seen-file.js';

export interface Landed {
  file: LandedFile;
  /** Landed records without their places; empty for a delimited text. */
  records: Record<string, unknown>[];
  /** `#line`, `#at`, `#length` of each. */
  places: [number, number, number][];
  rejects: RecordReject[];
}

export type SourceOptions = Partial<Omit<LocalSource, 'csv'>> & { csv?: Partial<LocalSource['csv']> };

/** A data root of its own. */
export class DataFolder {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-data-')));

  write(name: string, content: string | Buffer): string {
    const path = join(this.root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  async see(source: LocalSource): Promise<SeenFile[]> {
    const store = { find: async () => new Map(), remember: async () => {} };
    const clock = { now: () => 0, wait: async () => {} };
    const listing = await listFiles(source, { roots: [this.root], home: join(this.root, 'home') });
    return (await lookAtFiles(listing, { source: 0, store, clock })).files;
  }

  /** Writes a file and lands it, reading back what was landed. */
  async land(name: string, content: string | Buffer, options: SourceOptions = {}): Promise<Landed> {
    this.write(name, content);
    const source = sourceOf(name, options);
    const [seen] = await this.see(source);
    if (seen === undefined) throw new Error(`expected ${name} to be seen`);
    const file = await landFile(seen, source, { folder: this.root });
    const lines = file.format === 'ndjson' ? readLines(file.path) : [];
    return {
      file,
      records: lines.map((line) => Object.fromEntries(Object.entries(line).filter(([key]) => !isPlace(key)))),
      places: lines.map((line) => [line['#line'], line['#at'], line['#length']] as [number, number, number]),
      rejects: file.rejects === null ? [] : (readLines(file.rejects.path) as unknown as RecordReject[]),
    };
  }

  remove(): void {
    rmSync(this.root, { recursive: true });
  }
}

/** A local source with every default filled in. */
export function sourceOf(path: string, options: SourceOptions = {}): LocalSource {
  const { csv, ...rest } = options;
  return {
    path,
    include: null,
    format: 'auto',
    records: '$',
    ...rest,
    csv: {
      delimiter: 'auto',
      quote: '"',
      header: true,
      columns: null,
      encoding: 'utf-8',
      nulls: [''],
      ...csv,
    },
  };
}

function isPlace(key: string): boolean {
  return key === '#line' || key === '#at' || key === '#length';
}

function readLines(path: string): Record<string, unknown>[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, unknown>);
}
