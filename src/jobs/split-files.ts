import type { StreamConfig } from '../config-history/pipeline-config.js';
import type { ExtractionService } from '../extraction/extraction.service.js';
import type { LandedFile } from '../extraction/landed-file.js';
import { columnNamer } from '../schema/name-columns.js';

interface Place {
  folder: string;
  signal: AbortSignal;
}

/** The landed files of a stream, objects inside their records flattened where the stream says so. */
export async function splitFiles(
  extraction: ExtractionService,
  stream: StreamConfig,
  files: LandedFile[],
  { folder, signal }: Place,
): Promise<LandedFile[]> {
  const { naming, rename, flatten = 0 } = stream;
  if (flatten === 0) return files;
  const declared = stream.columns.map(({ name }) => name);
  const split: LandedFile[] = [];
  for (const file of files) {
    const nameOf = columnNamer(file.columns ?? [], { naming, rename, declared });
    const { file: flat } = await extraction.splitNested(
      file,
      { flatten, childTables: null, nameOf },
      folder,
      signal,
    );
    split.push(flat);
  }
  return split;
}
