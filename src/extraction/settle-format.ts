import type { LocalSource } from './local-source.js';

export type FileFormat = 'csv' | 'tsv' | 'text' | 'json' | 'ndjson' | 'parquet';

const byEnding: Record<string, FileFormat> = {
  csv: 'csv',
  tsv: 'tsv',
  txt: 'text',
  json: 'json',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  parquet: 'parquet',
};

/**
 * Settles what a file is to be read as: what the source says, else what the ending says (`.gz` and `.zst` do not count), else what the
 * first bytes look like.
 */
export function settleFormat(name: string, declared: LocalSource['format'], head: Buffer): FileFormat {
  if (declared !== 'auto') return declared;
  const ending =
    name
      .toLowerCase()
      .replace(/\.(?:gz|zst)$/, '')
      .split('.')
      .at(-1) ?? '';
  if (Object.hasOwn(byEnding, ending)) return byEnding[ending] as FileFormat;
  if (head.subarray(0, 4).toString('latin1') === 'PAR1') return 'parquet';
  return /^\ufeff?\s*[[{]/.test(head.toString()) ? 'json' : 'text';
}
