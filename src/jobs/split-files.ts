import type { StreamConfig } from '../config-history/pipeline-config.js';
import type { ExtractionService } from '../extraction/extraction.service.js';
import type { LandedFile } from '../extraction/landed-file.js';
import type { ChildFile } from '../extraction/nested/nested-rules.js';
import { columnNamer } from '../schema/name-columns.js';

/** A table for the elements of an array in another table's records, see `ChildFile`. */
export interface ChildTable extends Omit<ChildFile, 'file' | 'count'> {
  files: LandedFile[];
  /** Some array of it is not empty. */
  hasElements: boolean;
}

export interface SplitFiles {
  files: LandedFile[];
  /** Each behind its parent. */
  children: ChildTable[];
}

interface Place {
  folder: string;
  signal: AbortSignal;
  /** Places of the records whose arrays count, by index of the file, see `Stage.newestOf`; absent: those of all. */
  newest?: ReadonlyMap<number, ReadonlySet<number>>;
}

/** The landed files of a stream, what is inside their records taken apart where the stream says so. */
export async function splitFiles(
  extraction: ExtractionService,
  stream: StreamConfig,
  files: LandedFile[],
  { folder, signal, newest }: Place,
): Promise<SplitFiles> {
  const { table, naming, rename, flatten = 0, key = [] } = stream;
  if (flatten === 0 && !stream.childTables) return { files, children: [] };
  const declared = stream.columns.map(({ name }) => name);
  const split: SplitFiles = { files: [], children: [] };
  for (const [index, file] of files.entries()) {
    const only = newest && { only: newest.get(index) ?? new Set<number>() };
    const childTables = stream.childTables ? { table, key, inherited: [], ...only } : null;
    const nameOf = columnNamer(file.columns ?? [], { naming, rename, declared });
    const apart = await extraction.splitNested(file, { flatten, childTables, nameOf }, folder, signal);
    split.files.push(apart.file);
    for (const child of apart.children) addChild(split.children, child);
  }
  return split;
}

function addChild(children: ChildTable[], { file, count, ...child }: ChildFile): void {
  const known = children.find(({ table }) => table === child.table);
  const hasElements = count > 0;
  if (!known) children.push({ ...child, files: [file], hasElements });
  else {
    known.files.push(file);
    known.hasElements ||= hasElements;
  }
}
