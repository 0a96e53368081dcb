import { hash } from 'node:crypto';
import type { ApiSourceConfig } from '../config-history/api-source-config.js';
import type { LocalSourceConfig, SourceConfig, StreamConfig } from '../config-history/pipeline-config.js';
import { formatByName } from '../extraction/settle-format.js';
import { cursorKey } from './cursor-key.js';

/** The part of a file that was looked at which says what it holds. */
export interface KnownFile {
  source: number;
  name: string;
  /** SHA-256 of the bytes. */
  fingerprint: string;
}

export interface FilePlan<F extends KnownFile> {
  /** Files to read, each content once. */
  originals: F[];
  /** Files whose content, read in the same way, is that of an original. */
  copies: (F & { copyOf: string })[];
  /** What the originals hold: sorted, since names do not matter, unless the order decides which row of a key counts. */
  contents: string[];
}

/**
 * Tells originals from copies. Two files are the same when their bytes are and they would be read in the same way:
 * the same parsing options of their sources, and, where the format is found out by itself, the same format by their names.
 */
export function planFiles<F extends KnownFile>(stream: StreamConfig, files: F[]): FilePlan<F> {
  const seen = new Map<string, F>();
  const copies: (F & { copyOf: string })[] = [];
  for (const file of files) {
    const content = contentOf(file, stream.sources[file.source]);
    const original = seen.get(content);
    if (original) copies.push({ ...file, copyOf: original.name });
    else seen.set(content, file);
  }
  const contents = stream.key ? [...seen.keys()] : [...seen.keys()].sort();
  return { originals: [...seen.values()], copies, contents };
}

/** Digest of a file's bytes and of how its source has it read. */
export function contentOf(file: KnownFile, source: SourceConfig | undefined): string {
  if (source?.type !== 'local')
    throw new Error(`expected a local source number ${file.source}, there is none (${file.name})`);
  const named = source.format === 'auto' ? formatByName(file.name) : null;
  return digestText(`[${JSON.stringify(file.fingerprint)},${JSON.stringify(named)},${localReading(source)}]`);
}

const localReadings = new WeakMap<LocalSourceConfig, string>();

/** How a source has its files read, as JSON. Made once: there may be thousands of files. */
function localReading(source: LocalSourceConfig): string {
  const { format, csv, records } = source;
  const reading = localReadings.get(source) ?? JSON.stringify({ format, csv, records });
  localReadings.set(source, reading);
  return reading;
}

/** Counts up when the stage's or the row identity's form changes, so that unchanged files are loaded again. */
const FORMAT_VERSION = 1;

/**
 * Digest of all that decides what a load of this stream would do: how its files are read and what they hold. Where
 * the files lie and what they are called is not part of it.
 */
export function streamSignature(stream: StreamConfig, contents: string[]): string {
  const { table, naming, rename, strictMode, columns, contract, duplicates, write, output } = stream;
  const { key, orderBy, minRows, maxShrink, history, unique, foreignKeys, checks } = stream;
  const { flatten, childTables } = stream;
  const how = { table, naming, rename, strictMode, columns, contract, duplicates, write, output };
  const writing = { key, orderBy, minRows, maxShrink, history };
  return digest([
    FORMAT_VERSION,
    { ...how, ...writing, unique, foreignKeys, checks, flatten, childTables },
    contents,
  ]);
}

/**
 * Digest of all that decides what a load would do that takes in pages besides.
 * @param signature that of the stream and its files
 */
export function loadSignature(
  { sources }: StreamConfig,
  signature: string,
  pages: readonly Pick<KnownFile, 'source' | 'fingerprint'>[],
): string {
  // A page that comes twice is read twice.
  const contents = pages.map(({ source, fingerprint }) => {
    return digest([fingerprint, readingOf(sources[source] as ApiSourceConfig)]);
  });
  return digest([signature, contents.sort()]);
}

/** The cursor is part of it: with another one there is something to keep, though the records are the same. */
function readingOf(source: ApiSourceConfig): unknown {
  const { format, csv, records, fields, forEach } = source;
  return {
    format,
    csv,
    records,
    fields,
    include: forEach?.include,
    cursor: source.cursor && cursorKey(source),
  };
}

/** Digest of a whole run's streams, null while one of them is not known. */
export function runSignature(streams: (string | null)[]): string | null {
  return streams.includes(null) ? null : digest(streams);
}

function digest(value: unknown): string {
  return digestText(JSON.stringify(value));
}

function digestText(text: string): string {
  return hash('sha256', text);
}
