import type { StreamConfig } from '../config-history/pipeline-config.js';
import type { ExtractionService } from '../extraction/extraction.service.js';
import type { SeenFile } from '../extraction/seen-file.js';
import { type FilePlan, planFiles, streamSignature } from './plan-files.js';
import type { SkippedFile } from './run-report.js';

/** What a stream's sources hold at one moment. */
export interface StreamLook extends FilePlan<SeenFile> {
  /** All files, copies included, in the order of the sources. */
  files: SeenFile[];
  skipped: SkippedFile[];
  signature: string;
}

/** Looks at all sources of a stream. Reads what it must to know the files by content, and changes nothing. */
export async function lookAtStream(
  extraction: ExtractionService,
  stream: StreamConfig,
  signal?: AbortSignal,
): Promise<StreamLook> {
  const files: SeenFile[] = [];
  const skipped: SkippedFile[] = [];
  for (const [index, source] of stream.sources.entries()) {
    const seen = await extraction.look(source, index, signal);
    files.push(...seen.files);
    skipped.push(...seen.skipped.map((file) => ({ source: index, name: file.name, reason: file.reason })));
  }
  const plan = planFiles(stream, files);
  return { ...plan, files, skipped, signature: streamSignature(stream, plan.contents) };
}
