import type { StreamConfig } from '../config-history/pipeline-config.js';
import type { LandedFile } from '../extraction/landed-file.js';
import { defaultOutput } from '../config-history/stream-names.js';
import type { LoadResult } from '../loader/load.js';
import { formatColumnType } from '../schema/column-types.js';
import type { Stage } from '../schema/stage.js';
import { placeOf } from './compare-files.js';
import type { StreamLook } from './look-at-stream.js';
import {
  type ChildReport,
  type FileReport,
  noCounts,
  type SkippedFile,
  type StreamReport,
  type StreamSummary,
} from './run-report.js';
import type { Run } from './run.entity.js';

/** The report of a stream that has not begun. */
export function emptyReport({ table, output }: Pick<StreamConfig, 'table' | 'output'>): StreamReport {
  return {
    table,
    state: 'waiting',
    signature: null,
    lookSignature: null,
    ...noCounts(),
    deleted: 0,
    rowBytes: 0,
    output,
    columns: [],
    nulled: [],
    changes: [],
    files: [],
    skipped: [],
    durationMs: null,
    error: null,
  };
}

/** The reports of a run's streams, files included. */
export function joinFiles({ streams, files }: Pick<Run, 'streams' | 'files'>): StreamReport[] {
  return streams.map(({ fileCount: _files, skippedCount: _skipped, ...summary }, index) => {
    return { ...summary, ...(files?.[index] ?? { files: [], skipped: [] }) };
  });
}

/** The report with its files counted instead of listed. */
export function summaryOf({ files, skipped, ...report }: StreamReport): StreamSummary {
  return { ...report, fileCount: files.length, skippedCount: skipped.length };
}

export function isFinished({ state }: StreamReport): boolean {
  return state === 'succeeded' || state === 'unchanged' || state === 'empty';
}

/** Nothing more is done about it in this run. */
export function isOver(report: StreamReport): boolean {
  return isFinished(report) || report.state === 'failed' || report.state === 'skipped';
}

/** Its stage is whole and checked, whatever became of it after that. */
export function isStaged({ state }: Pick<StreamReport, 'state'>): boolean {
  return state === 'loading' || state === 'writing';
}

/** Begins the report anew with the files that were seen. */
export function applyLook(report: StreamReport, look: StreamLook): void {
  const copyOf = new Map(look.copies.map((copy) => [placeOf(copy), copy.copyOf]));
  const files = look.files.map((file): FileReport => {
    const original = copyOf.get(placeOf(file)) ?? null;
    return { ...newFile({ ...file, copyOf: original }), bytes: file.bytes };
  });
  const { signature, skipped } = look;
  Object.assign(report, noCounts(), {
    state: 'waiting',
    deleted: 0,
    rowBytes: 0,
    columns: [],
    nulled: [],
    changes: [],
    files,
    signature,
    lookSignature: signature,
    skipped,
  });
}

/** Takes over a page that is on disk. */
export function addPage(report: StreamReport, page: LandedFile): void {
  report.files.push(pageReport(page));
}

export interface FetchedPages {
  pages: LandedFile[];
  skipped: SkippedFile[];
  /** Digest of the stream with them. */
  signature: string;
}

/** Takes over what all APIs gave, in the order of the sources. */
export function applyFetched(report: StreamReport, { pages, skipped, signature }: FetchedPages): void {
  const local = report.files.filter(({ url }) => url === undefined);
  report.files = inSourceOrder([...local, ...pages.map(pageReport)]);
  report.skipped = [...report.skipped, ...skipped];
  report.signature = signature;
}

export function inSourceOrder<F extends { source: number }>(files: F[]): F[] {
  return files.sort((a, b) => a.source - b.source);
}

function pageReport(page: LandedFile): FileReport {
  const { bytes, detected, url } = page;
  return { ...newFile({ ...page, copyOf: null }), bytes, detected, url, state: 'landed' };
}

/** Nothing was read, because all that was seen is loaded already. */
export function applyUnchanged(report: StreamReport): void {
  report.state = 'unchanged';
  for (const file of report.files) file.state = 'unchanged';
}

/** Files whose counts are taken over from an earlier load. */
export function applyCarried(report: StreamReport, carried: { source: number; name: string }[]): void {
  const places = new Set(carried.map(placeOf));
  for (const file of report.files) if (places.has(placeOf(file))) file.state = 'unchanged';
}

/** The reports of files, by `placeOf`. */
export function filesByPlace({ files }: StreamReport): Map<string, FileReport> {
  return new Map(files.map((file) => [placeOf(file), file]));
}

export function applyLanded(report: FileReport | undefined, landed: LandedFile, durationMs: number): void {
  if (report) Object.assign(report, { state: 'landed', detected: landed.detected, durationMs });
}

/** Takes over what the stage is: its columns, and what did not fit them. */
export function applyStage(report: StreamReport, { columns, nulled }: Stage): void {
  report.columns = columns.map(({ name, type }) => ({ name, type: formatColumnType(type) }));
  report.nulled = nulled;
}

/** Takes over the counts that the load's transaction was committed with, and the files that they are about. */
export function applyLoad(report: StreamReport, load: LoadResult): void {
  const known = filesByPlace(report);
  report.files = load.files.map((counts): FileReport => {
    const { source, name, fingerprint, copyOf, read, inserted, updated, duplicate, rejected } = counts;
    const file = known.get(placeOf(counts)) ?? newFile(counts);
    const state = copyOf !== null ? 'copy' : file.state === 'unchanged' ? 'unchanged' : 'loaded';
    return {
      ...file,
      source,
      name,
      fingerprint,
      state,
      copyOf,
      read,
      inserted,
      updated,
      duplicate,
      rejected,
    };
  });
  const { read, inserted, updated, duplicate, rejected, deleted, rowBytes, changes } = load;
  Object.assign(report, { read, inserted, updated, duplicate, rejected, deleted, rowBytes, changes });
  if (load.children) report.children = load.children.map((child) => childReport(child, report));
}

/** The report of a child table, whose combined CSV goes by that of its stream. */
export function childReport(
  { table, read, inserted, updated, duplicate, rejected, deleted }: Omit<ChildReport, 'output'>,
  { output }: StreamReport,
): ChildReport {
  const counts = { read, inserted, updated, duplicate, rejected, deleted };
  return { table, ...counts, output: output === null ? null : defaultOutput(table) };
}

type NewFile = Pick<FileReport, 'source' | 'name' | 'fingerprint' | 'copyOf'>;

function newFile({ source, name, fingerprint, copyOf }: NewFile): FileReport {
  const state = copyOf === null ? 'waiting' : 'copy';
  const unread = { bytes: null, detected: null, durationMs: null };
  return { source, name, fingerprint, ...noCounts(), ...unread, state, copyOf };
}
