import { open, type FileHandle } from 'node:fs/promises';
import { isUtf8 } from 'node:buffer';
import { readLines } from '../read-lines.js';
import type { RawFlaw, StagedLayout, StageReject } from './stage.js';

/** Most bytes of a refused record that are kept. */
export const RAW_BYTES = 64 << 10;
/** Kept in memory before it is written. */
const BATCH = 1 << 18;

export type RejectEntry = Omit<StageReject, 'raw'> & { raw: string | Buffer };

/** The refused records of one stage, one JSON object a line, on disk. */
export class RejectsFile {
  private pending: string[] = [];
  private size = 0;
  private handle: FileHandle | null = null;
  /** How many there are. */
  count = 0;

  /** @param isBegun there is such a file, to which more is added; else it begins anew */
  constructor(
    readonly path: string,
    private isBegun = false,
  ) {}

  /** Call `flush` now and then; nothing is written before. */
  add(entry: RejectEntry): void {
    const raw = typeof entry.raw === 'string' ? entry.raw : entry.raw.subarray(0, RAW_BYTES).toString();
    const { source, file, line, column, reason, flaw = flawOf(entry.raw) } = entry;
    const shown = raw.slice(0, RAW_BYTES).replaceAll('\0', '\u2400').toWellFormed();
    this.append({ source, file, line, column, reason, raw: shown, flaw } satisfies StageReject);
    this.count++;
  }

  /** How the raw records of a file that has rejects can be read again. */
  addLayout(layout: StagedLayout): void {
    this.append(layout);
  }

  private append(line: StageReject | StagedLayout): void {
    // Many line readers take these two for line ends.
    const text = `${JSON.stringify(line)}\n`.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
    this.pending.push(text);
    this.size += text.length;
  }

  /** Writes what has gathered, if it is worth it. */
  async flush(): Promise<void> {
    if (this.size >= BATCH) await this.write();
  }

  /** Takes over the rejects that extraction wrote for a file. */
  async include(path: string, source: number, file: string): Promise<void> {
    for await (const lines of readLines(path)) {
      for (const line of lines)
        this.add({ ...(JSON.parse(line) as StageReject), source, file, flaw: 'unread' });
      await this.flush();
    }
  }

  /** Writes the rest; the path, or null when there was none. */
  async close(): Promise<string | null> {
    if (this.pending.length > 0) await this.write();
    await this.handle?.close();
    this.handle = null;
    return this.count > 0 ? this.path : null;
  }

  private async write(): Promise<void> {
    this.handle ??= await open(this.path, this.isBegun ? 'a' : 'w');
    this.isBegun = true;
    const text = this.pending.join('');
    this.pending = [];
    this.size = 0;
    await this.handle.writeFile(text);
  }
}

/** What is lost of a record's text when it is kept. */
function flawOf(raw: string | Buffer): RawFlaw | undefined {
  if (raw.length > RAW_BYTES) return 'cut';
  const isKept =
    typeof raw === 'string' ? !raw.includes('\0') && raw.isWellFormed() : !raw.includes(0) && isUtf8(raw);
  return isKept ? undefined : 'altered';
}
