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
}

/** The landed files of a stream, what is inside their records taken apart where the stream says so. */
export async function splitFiles(
  extraction: ExtractionService,
  stream: StreamConfig,
  files: LandedFile[],
  { folder, signal }: Place,
): Promise<SplitFiles> {
  const { table, naming, rename, flatten = 0, key = [] } = stream;
  if (flatten === 0 && !stream.childTables) return { files, children: [] };
  const declared = stream.columns.map(({ name }) => name);
  const childTables = stream.childTables ? { table, key, inherited: [] } : null;
  const split: SplitFiles = { files: [], children: [] };
  for (const file of files) {
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
