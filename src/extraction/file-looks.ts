import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { FileLook, type KnownLook, type Look } from './file-look.entity.js';

const batchSize = 5_000;
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
  { key: 'endsMidLine', column: 'ends_mid_line', type: 'boolean' },
] as const satisfies { key: keyof Look; column: string; type: string }[];

// One array for each column: the repository's upsert, a parameter for each value, takes many times as long.
const rememberSql = `
  INSERT INTO millrace.file_looks AS known (${columns.map(({ column }) => column).join(', ')}, found_at, seen_at)
  SELECT *, now(), now() FROM unnest(${columns.map(({ type }, index) => `$${index + 1}::${type}[]`).join(', ')})
  ON CONFLICT (path) DO UPDATE SET
    ${columns.map(({ column }) => `${column} = excluded.${column}`).join(', ')}, seen_at = excluded.seen_at,
    found_at = CASE WHEN (${stamp('known')}) = (${stamp('excluded')}) THEN known.found_at ELSE excluded.found_at END`;

// Rows as they come: making an entity of each takes as long as the query itself. A clock that was set back makes an age
// negative; that is no reason to wait until it has caught up.
const findSql = `
  SELECT ${columns.map(({ key, column }) => `${column} AS "${key}"`).join(', ')},
    abs(extract(epoch FROM now() - found_at) * 1000)::float8 AS "knownMs",
    seen_at < now() - interval '1 day' AS "isStale"
  FROM millrace.file_looks WHERE path = ANY ($1)`;

function stamp(row: string): string {
  return ['size', 'mtime_ns', 'ctime_ns', 'inode', 'device'].map((column) => `${row}.${column}`).join(', ');
}

type FoundLook = KnownLook & { isStale: boolean };

/** Remembers what files were, so that an unchanged file costs no read. */
@Injectable()
export class FileLooks {
  constructor(@InjectRepository(FileLook) private readonly looks: Repository<FileLook>) {}

  /** The looks at these absolute paths, by path. */
  async find(paths: string[]): Promise<Map<string, KnownLook>> {
    const found = new Map<string, KnownLook>();
    for (let from = 0; from < paths.length; from += batchSize) {
      const batch: FoundLook[] = await this.looks.query(findSql, [paths.slice(from, from + batchSize)]);
      for (const { isStale: _isStale, ...look } of batch) found.set(look.path, look);
      await this.touch(batch.filter(({ isStale }) => isStale));
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
  private async touch(stale: FoundLook[]): Promise<void> {
    if (stale.length === 0) return;
    const paths = stale.map(({ path }) => path);
    await this.looks.query('UPDATE millrace.file_looks SET seen_at = now() WHERE path = ANY ($1)', [paths]);
  }

  /** One batch, so that a look's time stays bounded; the next one takes more. */
  private async forget(): Promise<void> {
    await this.looks.query(
      `DELETE FROM millrace.file_looks WHERE path IN (
         SELECT path FROM millrace.file_looks WHERE seen_at < now() - $1 * interval '1 day' ORDER BY seen_at LIMIT $2 FOR UPDATE SKIP LOCKED)`,
      [keptDays, batchSize],
    );
  }
}
