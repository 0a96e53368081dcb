import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Any, Repository } from 'typeorm';
import { FileLook, type Look } from './file-look.entity.js';

const batchSize = 1_000;
const dayMs = 24 * 60 * 60_000;
const keptDays = 30;

const columns = [
  { key: 'path', column: 'path', type: 'text' },
  { key: 'size', column: 'size', type: 'bigint' },
  { key: 'mtimeNs', column: 'mtime_ns', type: 'bigint' },
  { key: 'ctimeNs', column: 'ctime_ns', type: 'bigint' },
  { key: 'inode', column: 'inode', type: 'numeric' },
  { key: 'device', column: 'device', type: 'numeric' },
  { key: 'fingerprint', column: 'fingerprint', type: 'text' },
  { key: 'isUtf8', column: 'is_utf8', type: 'boolean' },
  { key: 'hasNul', column: 'has_nul', type: 'boolean' },
  { key: 'lineEnds', column: 'line_ends', type: 'text' },
] as const satisfies { key: keyof Look; column: string; type: string }[];

// One array for each column: the repository's upsert, a parameter for each value, takes many times as long.
const rememberSql = `
  INSERT INTO millrace.file_looks (${columns.map(({ column }) => column).join(', ')}, seen_at)
  SELECT *, now() FROM unnest(${columns.map(({ type }, index) => `$${index + 1}::${type}[]`).join(', ')})
  ON CONFLICT (path) DO UPDATE SET
    ${columns.map(({ column }) => `${column} = excluded.${column}`).join(', ')}, seen_at = excluded.seen_at`;

/** Remembers what files were, so that an unchanged file costs no read. */
@Injectable()
export class FileLooks {
  constructor(@InjectRepository(FileLook) private readonly looks: Repository<FileLook>) {}

  /** The looks at these absolute paths, by path. */
  async find(paths: string[]): Promise<Map<string, Look>> {
    const found = new Map<string, Look>();
    for (let from = 0; from < paths.length; from += batchSize) {
      const batch = await this.looks.findBy({ path: Any(paths.slice(from, from + batchSize)) });
      for (const look of batch) found.set(look.path, look);
      await this.touch(batch);
    }
    return found;
  }

  /** Keeps these looks, and forgets some of those whose files were not seen for 30 days. */
  async remember(looks: Look[]): Promise<void> {
    for (let from = 0; from < looks.length; from += batchSize) {
      const batch = looks.slice(from, from + batchSize);
      await this.looks.query(
        rememberSql,
        columns.map(({ key }) => batch.map((look) => look[key])),
      );
    }
    if (looks.length > 0) await this.forget();
  }

  /** Once a day for each file: a look that changes nothing should write nothing. */
  private async touch(looks: FileLook[]): Promise<void> {
    const now = new Date();
    const stale = looks.filter(({ seenAt }) => now.getTime() - seenAt.getTime() > dayMs);
    if (stale.length > 0)
      await this.looks.update({ path: Any(stale.map(({ path }) => path)) }, { seenAt: now });
  }

  /** One batch, so that a look's time stays bounded; the next one takes more. */
  private async forget(): Promise<void> {
    await this.looks.query(
      `DELETE FROM millrace.file_looks WHERE path IN (
         SELECT path FROM millrace.file_looks WHERE seen_at < $1 ORDER BY seen_at LIMIT $2 FOR UPDATE SKIP LOCKED)`,
      [new Date(Date.now() - keptDays * dayMs), batchSize],
    );
  }
}
