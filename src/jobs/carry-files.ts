import type { StreamConfig } from '../config-history/pipeline-config.js';
import type { LastLoad, LoadContents, LoadedFile } from '../loader/load.js';
import { formatColumnType } from '../schema/column-types.js';
import type { StageColumn } from '../schema/stage.js';
import type { Carried } from '../schema/stage-request.js';
import { placeOf } from './compare-files.js';
import { contentOf, type FilePlan, type KnownFile, planFiles, streamSignature } from './plan-files.js';
import { hasConstraints } from './table-constraints.js';

/** What tells which files need not be staged again. */
export interface Candidates<F extends KnownFile> {
  stream: StreamConfig;
  /** What there is now. */
  look: Pick<FilePlan<F>, 'originals'>;
  /** The stream's latest load into the table that is there. */
  last: Pick<LastLoad, 'loadId' | 'signature'> & LoadContents;
  /** The table's columns. */
  existing: StageColumn[];
  /** Fingerprints of the files of which there is a copy of what they were. */
  kept?: ReadonlySet<string>;
}

/** Files that the table has already, and those that are to be staged. */
export interface CarriedFiles<F extends KnownFile> {
  fresh: F[];
  /** Those among them that have changed, and of which it is known what they were. */
  changed: ChangedFile<F>[];
  carried: Carried;
  /** Of the load before, in their order. */
  columns: StageColumn[];
}

export interface ChangedFile<F extends KnownFile> {
  file: F;
  /** What the load before has read under that name, every record of which was good. */
  before: Pick<LoadedFile, 'fingerprint' | 'read'>;
}

/**
 * Whether an unchanged file of this stream gives what it gave before, whatever comes in beside it: the rows that the
 * table has, all of them duplicates. Its nulled values would have to be counted again, its repeats to be numbered, and a
 * file that must have every column of the table can become one that lacks some.
 */
export function isCarriable(stream: StreamConfig): boolean {
  const { sources, write, duplicates, childTables, strictMode, columns, contract } = stream;
  if (write !== 'append' || duplicates === 'keep' || childTables || hasConstraints(stream)) return false;
  if (sources.some(({ type }) => type !== 'local')) return false;
  const modes = [contract, ...columns.flatMap((column) => column.contract ?? [])];
  if (modes.some(({ invalidRows }) => invalidRows === 'null') || contract.typeChange === 'null') return false;
  if (!strictMode && (contract.missingColumns ?? 'ignore') !== 'ignore') return false;
  // An expression may be about a column that only the files know that are not read.
  return keepsAll(stream) || columns.every(({ cleaning }) => cleaning?.expression === undefined);
}

/** No column of the files is left out. */
function keepsAll({ strictMode, contract }: StreamConfig): boolean {
  return !strictMode && contract.newColumns === 'evolve';
}

/**
 * Finds the files that a stage need not read, because it would find in them what an earlier load has found.
 *
 * @returns why there are none, in words, where all is to be staged
 */
export function carryFiles<F extends KnownFile>(candidates: Candidates<F>): CarriedFiles<F> | string {
  const { stream, look, last } = candidates;
  const { columns } = last;
  if (!isSameReading(stream, last)) return 'the config is not that of the last load';
  if (columns === null || !hasKept(candidates, columns))
    return 'the table has not the columns of the last load';
  const known = new Map(originalsOf(last).map((file) => [contentIn(stream, file), file]));
  const fresh: F[] = [];
  const files: Carried['files'] = [];
  for (const file of look.originals) {
    const { source, name, fingerprint } = file;
    const content = contentIn(stream, file);
    const before = known.get(content);
    if (!before || before.keptRejects !== before.rejected) fresh.push(file);
    else {
      files.push({ source, name, fingerprint, ...countsOf(before) });
      known.delete(content);
    }
  }
  const changed = changedFiles(candidates, fresh, [...known.values()]);
  if (fresh.length === 0) return 'there is nothing to add to the last load';
  if (files.length + changed.length === 0)
    return 'no file is as it was, and of none there is a copy without rejects';
  // The combined CSV has rows of all its files.
  if (stream.output !== null && changed.length < known.size)
    return 'files or rejects of the last load have changed or are gone';
  const { loadId, signature } = last;
  const names = columns.map(({ name }) => name);
  return { fresh, changed, carried: { from: { loadId, signature }, columns: names, files }, columns };
}

/** The new files that take the place of one that is gone, where there is a copy of that: by name, or the only one for the only one. */
function changedFiles<F extends KnownFile>(
  { kept }: Candidates<F>,
  fresh: F[],
  gone: LoadedFile[],
): ChangedFile<F>[] {
  const before = gone.filter(({ fingerprint, rejected }) => rejected === 0 && kept?.has(fingerprint));
  const byName = new Map(before.map((file) => [placeOf(file), file]));
  const named = fresh.filter((file) => byName.has(placeOf(file)));
  if (named.length === 0 && fresh.length === 1 && gone.length === 1 && before.length === 1)
    return [changedFile(fresh[0]!, before[0]!)];
  return named.map((file) => changedFile(file, byName.get(placeOf(file))!));
}

function changedFile<F extends KnownFile>(file: F, { fingerprint, read }: LoadedFile): ChangedFile<F> {
  return { file, before: { fingerprint, read } };
}

/**
 * Whether the stage of the new files goes on from the load before: with every column of it, of the same type, so that the
 * carried rows are as they would be, and with no other one where there is a combined CSV, whose rows all have the same.
 */
export function goesOn(before: StageColumn[], now: StageColumn[], output: string | null): boolean {
  if (output !== null && now.length > before.length) return false;
  return before.every((column, index) => isSameColumn(column, now[index]));
}

/** The signature of a load is that of its files as the config of today has them read. */
function isSameReading(stream: StreamConfig, { signature, files }: Candidates<KnownFile>['last']): boolean {
  if (files.some(({ source }) => stream.sources[source]?.type !== 'local')) return false;
  return streamSignature(stream, planFiles(stream, files).contents) === signature;
}

/** The types that undeclared columns are given are the table's. */
function hasKept({ stream, existing }: Candidates<KnownFile>, before: StageColumn[]): boolean {
  if (before.length === 0) return false;
  const declared = new Set(stream.columns.map(({ name }) => name));
  const there = new Map(existing.map((column) => [column.name, column]));
  const names = new Set(before.map(({ name }) => name));
  // What was left out of a file because the table had no such column would be taken now.
  if (!stream.strictMode && !keepsAll(stream) && existing.some(({ name }) => !names.has(name))) return false;
  return before.every(
    (column) =>
      there.has(column.name) && (declared.has(column.name) || isSameColumn(column, there.get(column.name))),
  );
}

function isSameColumn({ name, type, required }: StageColumn, other: StageColumn | undefined): boolean {
  const isSameType = other !== undefined && formatColumnType(type) === formatColumnType(other.type);
  return isSameType && name === other.name && required === other.required;
}

function countsOf({ read, rejected, source, name }: LoadedFile) {
  return { read, rejected, carriedAs: { source, name } };
}

function originalsOf({ files }: LoadContents): LoadedFile[] {
  return files.filter(({ copyOf }) => copyOf === null);
}

function contentIn({ sources }: StreamConfig, file: KnownFile): string {
  return contentOf(file, sources[file.source]);
}
