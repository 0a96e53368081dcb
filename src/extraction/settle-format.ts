import type { LocalSource } from './local-source.js';

export type FileFormat = 'csv' | 'tsv' | 'text' | 'json' | 'ndjson' | 'parquet' | 'xml';

export const knownEndings: Record<string, FileFormat> = {
  csv: 'csv',
  tsv: 'tsv',
  txt: 'text',
  json: 'json',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  parquet: 'parquet',
  xml: 'xml',
};

/** The format that a name's ending decides, `.gz` and `.zst` not counted; null where the content has to. */
export function formatByName(name: string): FileFormat | null {
  const [, ending = ''] = /\.([^./]+?)(?:\.gz|\.zst)?$/.exec(name.toLowerCase()) ?? [];
  return Object.hasOwn(knownEndings, ending) ? (knownEndings[ending] ?? null) : null;
}

/**
 * Settles what a file is to be read as: what the source says, else what the ending says (`.gz` and `.zst` do not count), else what the
 * first bytes look like.
 */
export function settleFormat(name: string, declared: LocalSource['format'], head: Buffer): FileFormat {
  if (declared !== 'auto') return declared;
  const named = formatByName(name);
  if (named !== null) return named;
  if (head.subarray(0, 4).toString('latin1') === 'PAR1') return 'parquet';
  if (head.subarray(0, 5).toString('latin1') === '<?xml') return 'xml';
  return /^\ufeff?\s*[[{]/.test(head.toString()) ? 'json' : 'text';
}
