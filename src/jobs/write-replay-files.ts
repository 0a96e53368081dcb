import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { RejectFile } from '../loader/replay.js';
import { readLines } from '../extraction/read-lines.js';
import { writeRawRecord } from './write-raw-record.js';

/** The rejected records of one file, written anew. */
export interface ReplayFile extends RejectFile {
  path: string;
  records: number;
}

interface Exported {
  id: string;
  source: number;
  file: string;
  raw: string;
}

/** So that the mark of the first record, should it begin with one, is not taken for the file's. */
const BYTE_ORDER_MARK = '\ufeff';

/**
 * Writes rejects that were exported into one file for each that they come from, and to `records` where each stands:
 * lines of id, source, file, and the line where the record begins. Holds one chunk in memory.
 */
export async function writeReplayFiles(
  exported: string,
  known: RejectFile[],
  { folder, records, signal }: { folder: string; records: string; signal?: AbortSignal },
): Promise<ReplayFile[]> {
  const byKey = new Map(known.map((file) => [keyOf(file), file]));
  const files: ReplayFile[] = [];
  const places = await TextFile.open(records);
  let text: TextFile | null = null;
  let line = 1;
  try {
    for await (const json of readLines(exported, signal)) {
      const { id, source, file, raw } = JSON.parse(json) as Exported;
      let current = files.at(-1);
      if (!text || !current || keyOf(current) !== keyOf({ source, file })) {
        await text?.close();
        current = {
          ...byKey.get(keyOf({ source, file }))!,
          path: join(folder, `${files.length}`),
          records: 0,
        };
        files.push(current);
        text = await TextFile.open(current.path);
        if (current.layout.format === 'csv') await text.add(BYTE_ORDER_MARK);
        line = 1;
      }
      const written = writeRawRecord(raw, current.layout);
      await text.add(written.text);
      await places.add(`${id},${source},"${file.replaceAll('"', '""')}",${line}\n`);
      line += written.lines;
      current.records++;
    }
    return files;
  } finally {
    await text?.close();
    await places.close();
  }
}

const keyOf = ({ source, file }: { source: number; file: string }) => `${source}/${file}`;

const CHUNK = 1 << 18;

/** A text that is written in chunks. */
class TextFile {
  private pending = '';

  private constructor(private readonly handle: FileHandle) {}

  static async open(path: string): Promise<TextFile> {
    return new TextFile(await open(path, 'w', 0o600));
  }

  async add(text: string): Promise<void> {
    this.pending += text;
    if (this.pending.length >= CHUNK) await this.flush();
  }

  async close(): Promise<void> {
    await this.flush().finally(() => this.handle.close());
  }

  private async flush(): Promise<void> {
    const text = this.pending;
    this.pending = '';
    await this.handle.writeFile(text);
  }
}
