import { access, rename, writeFile } from 'node:fs/promises';
import { TerminalError } from '../errors.js';
import type { Stage } from '../schema/stage.js';
import type { StreamWalk } from './run-walk.js';
import { childSources, parentsOf } from './stream-sources.js';

/** Whether other streams are asked for the rows of this one. */
export function isParent({ walks, stream: { table } }: StreamWalk): boolean {
  return walks.some(({ stream }) => parentsOf(stream).includes(table));
}

/**
 * Writes for each source that is asked once for each row of this stream what it needs of the rows, each combination once.
 * A file that is there is whole.
 * @param stage null: the stream has no rows
 * @throws TerminalError `PARENT_COLUMNS_MISSING` when the rows lack a column that a source names
 */
export async function writeParentRows(at: StreamWalk, stage: Stage | null): Promise<void> {
  for (const child of at.walks) {
    for (const { index, forEach } of childSources(child.stream)) {
      if (forEach.stream !== at.stream.table) continue;
      const path = await at.folder.parents(child.index, index);
      const columns = [...new Set([...forEach.columns, ...Object.keys(forEach.include)])];
      const half = `${path}.tmp`;
      if (stage === null || stage.rows === 0) {
        await writeFile(half, '');
      } else {
        checkColumns(child, stage, { parent: forEach.stream, columns });
        await stage.writeDistinct(columns, half, at.signals.work);
      }
      await rename(half, path);
    }
  }
}

function checkColumns(
  { stream }: StreamWalk,
  stage: Stage,
  { parent, columns }: { parent: string; columns: string[] },
): void {
  const there = stage.columns.map(({ name }) => name);
  const missing = columns.filter((name) => !there.includes(name));
  if (missing.length === 0) return;
  throw new TerminalError(
    'PARENT_COLUMNS_MISSING',
    `${stream.table}: expected columns of ${parent} in for_each, got ${missing.join(', ')}; ` +
      `${parent} has ${there.join(', ')}`,
  );
}

/** The streams whose rows this one needs and that are not on this disk. */
export async function findMissingParents(at: StreamWalk): Promise<StreamWalk[]> {
  const missing = new Set<string>();
  for (const { index, forEach } of childSources(at.stream)) {
    const path = await at.folder.parents(at.index, index);
    await access(path).catch(() => missing.add(forEach.stream));
  }
  return at.walks.filter(({ stream }) => missing.has(stream.table));
}
