import type { StreamConfig } from '../config-history/pipeline-config.js';
import type { ExtractionService } from '../extraction/extraction.service.js';
import type { SeenFile } from '../extraction/seen-file.js';
import { type FilePlan, planFiles, streamSignature } from './plan-files.js';
import type { SkippedFile } from './run-report.js';
import type { SetAside } from './set-aside-files.js';

/** What a stream's sources hold at one moment. */
export interface StreamLook extends FilePlan<SeenFile> {
  /** All files, copies included, in the order of the sources. */
  files: SeenFile[];
  skipped: SkippedFile[];
  signature: string;
}

/**
 * Looks at all sources of a stream. Reads what it must to know the files by content, and changes nothing.
 * @param setAside files that are skipped whatever their name
 */
export async function lookAtStream(
  extraction: ExtractionService,
  stream: StreamConfig,
  signal?: AbortSignal,
  setAside: SetAside = new Map(),
): Promise<StreamLook> {
  const files: SeenFile[] = [];
  const skipped: SkippedFile[] = [];
  for (const [index, source] of stream.sources.entries()) {
    const seen = await extraction.look(source, index, signal);
    files.push(...seen.files.filter(({ fingerprint }) => !setAside.has(fingerprint)));
    const isAside = seen.files.filter(({ fingerprint }) => setAside.has(fingerprint));
    const aside = isAside.map(({ name, fingerprint }) => ({ name, reason: setAside.get(fingerprint)! }));
    skipped.push(
      ...[...seen.skipped, ...aside].map((file) => ({ source: index, name: file.name, reason: file.reason })),
    );
  }
  const plan = planFiles(stream, files);
  return { ...plan, files, skipped, signature: streamSignature(stream, plan.contents) };
}
