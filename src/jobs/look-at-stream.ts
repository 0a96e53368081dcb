import type { StreamConfig } from '../config-history/pipeline-config.js';
import type { ExtractionService } from '../extraction/extraction.service.js';
import type { Listing } from '../extraction/list-files.js';
import type { SeenFile } from '../extraction/seen-file.js';
import { type FilePlan, planFiles, streamSignature } from './plan-files.js';
import type { SkippedFile } from './run-report.js';
import type { SetAside } from './set-aside-files.js';

/** What a stream's sources hold at one moment. */
export interface StreamLook extends FilePlan<SeenFile> {
  /** All files, copies included, in the order of the sources. */
  files: SeenFile[];
  /** Files that are left alone, those included that may still be being written. */
  skipped: SkippedFile[];
  /** How many of them may still be being written. */
  unsettled: number;
  /** Every file that was listed is known by its content. */
  isWhole: boolean;
  /** How many files, or folders of them, belong to the sources and are not among `files`. */
  missing: number;
  signature: string;
}

export interface StreamLookOptions {
  signal?: AbortSignal;
  /** Files that are skipped whatever their name. */
  setAside?: SetAside;
  /** Where given, files that may be being written are skipped, see `ExtractionService.know`. */
  stillForMs?: number;
  /** What the sources hold, one listing for each, where that was found out already. */
  listings?: Listing[];
}

/** Looks at all sources of a stream. Reads what it must to know the files by content, and changes nothing. */
export async function lookAtStream(
  extraction: ExtractionService,
  stream: StreamConfig,
  { signal, setAside = new Map(), stillForMs, listings }: StreamLookOptions,
): Promise<StreamLook> {
  const files: SeenFile[] = [];
  const skipped: SkippedFile[] = [];
  let unsettled = 0;
  let isWhole = true;
  let missing = 0;
  for (const [index, source] of stream.sources.entries()) {
    if (source.type !== 'local') continue;
    const listing = listings?.[index] ?? (await extraction.list(source, signal));
    const seen = await extraction.know(listing, source, { index, signal, stillForMs });
    if (seen.files.length < listing.files.length) isWhole = false;
    for (const { name, reason, isUnsettled } of seen.skipped) {
      skipped.push({ source: index, name, reason });
      if (isUnsettled) unsettled++;
    }
    missing += seen.skipped.length - listing.skipped.filter(({ isUnread }) => !isUnread).length;
    for (const file of seen.files) {
      const reason = setAside.get(file.fingerprint);
      if (reason === undefined) files.push(file);
      else {
        skipped.push({ source: index, name: file.name, reason });
        missing++;
      }
    }
  }
  const plan = planFiles(stream, files);
  const signature = streamSignature(stream, plan.contents);
  return { ...plan, files, skipped, unsettled, isWhole, missing, signature };
}
