import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { gatherRecords, mostGathered } from './gather-records.js';
import type { LandedText } from './stage-request.js';

/** Files of different columns or dialects are gathered apart, each kind in an open file of its own. */
const MOST_KINDS = 16;
const BUFFER = 1 << 20;

/** Where the records of a file went: its number there, from 1, is the first field of each. */
export interface GatheredPlace {
  path: string;
  page: number;
}

/**
 * Puts small CSV files together: each file that the engine opens costs it milliseconds, most of them for the batch of its
 * own that a file is when a stage is written.
 */
export class GatheredFiles {
  private readonly kinds = new Map<string, Gathering>();

  /** @param folder is made when it is needed */
  constructor(private readonly folder: string) {}

  /** Takes the records of a regular file; null: it stays where it is. */
  async add({ dialect, columns }: LandedText, bytes: Buffer): Promise<GatheredPlace | null> {
    // The number would be read as NULL.
    if (dialect!.nulls.some((text) => /^[0-9]+$/.test(text))) return null;
    const key = JSON.stringify([dialect, columns]);
    let kind = this.kinds.get(key);
    if (kind === undefined && this.kinds.size === MOST_KINDS) return null;
    kind ??= await this.open();
    this.kinds.set(key, kind);
    return kind.add(bytes, { dialect: dialect!, fields: columns!.length });
  }

  /** Writes what is left. */
  async close(): Promise<void> {
    for (const kind of this.kinds.values()) await kind.close();
  }

  private async open(): Promise<Gathering> {
    await mkdir(this.folder, { recursive: true });
    const path = join(this.folder, `gathered-${this.kinds.size}.csv`);
    return new Gathering(path, await open(path, 'w', 0o600));
  }
}

/** Files of one kind. */
class Gathering {
  private readonly out = Buffer.allocUnsafeSlow(BUFFER);
  private used = 0;
  private pages = 0;

  constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
  ) {}

  async add(
    bytes: Buffer,
    how: Pick<Parameters<typeof gatherRecords>[1], 'dialect' | 'fields'>,
  ): Promise<GatheredPlace | null> {
    const page = this.pages + 1;
    const prefix = Buffer.from(`${page}${how.dialect.delimiter}`);
    const most = mostGathered(bytes.length, prefix);
    if (most > BUFFER) return null;
    if (this.used + most > BUFFER) await this.flush();
    const end = gatherRecords(bytes, { ...how, prefix }, { out: this.out, at: this.used });
    if (end === -1) return null;
    this.used = end;
    this.pages = page;
    return { path: this.path, page };
  }

  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      await this.handle.close();
    }
  }

  private async flush(): Promise<void> {
    await this.handle.writeFile(this.out.subarray(0, this.used));
    this.used = 0;
  }
}
