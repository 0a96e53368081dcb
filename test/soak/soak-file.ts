import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Range, toRanges } from './range-set.js';
import { headerOf, type Line } from './rows.js';
import type { Format, SoakStream } from './streams.js';

/** A file as the soak has written it. */
export interface SoakFile {
  stream: SoakStream;
  name: string;
  format: Format;
  /** Extra columns that its records have. */
  extras: number;
  lines: Line[];
  /** The last line has no end. */
  isTorn: boolean;
  /** An action holds it; the others leave it alone. */
  isBusy: boolean;
}

/** What a file held at one moment. */
export interface Content {
  fingerprint: string;
  /** Ids of the rows that are to be loaded. */
  valid: Range[];
  /** Records that are to be refused. */
  bad: number;
  /** False where a tear makes the count of refused records hard to tell. */
  isExact: boolean;
}

export function pathOf(data: string, { stream, name }: Pick<SoakFile, 'stream' | 'name'>): string {
  return join(data, stream.folder, name);
}

/** The text of a file; ASCII only, so that characters are bytes. */
export function render({ format, extras, lines, isTorn }: SoakFile): string {
  const end = isTorn ? '' : '\n';
  if (format === 'json') return `[\n${lines.map(({ text }) => text).join(',\n')}\n]\n`;
  if (lines.length === 0) return format === 'csv' ? `${headerOf(extras)}\n` : '';
  const body = `${lines.map(({ text }) => text).join('\n')}${end}`;
  return format === 'csv' ? `${headerOf(extras)}\n${body}` : body;
}

/** Bytes that the first write of a file must have: a header alone, or a half one, would name other columns. */
export function leastBytes({ format, extras, lines }: SoakFile): number {
  if (format !== 'csv') return 1;
  return headerOf(extras).length + 1 + (lines[0]?.text.length ?? 0);
}

/** What a file holds whose first `length` bytes are written; all of them when left out. */
export function contentOf(file: SoakFile, text = render(file), length = text.length): Content {
  const part = text.slice(0, length);
  const fingerprint = createHash('sha256').update(part).digest('hex');
  const isWhole = length === text.length;
  const start = { csv: headerOf(file.extras).length + 1, json: 2, ndjson: 0 }[file.format];
  const gap = file.format === 'json' ? 2 : 1;
  const ids: number[] = [];
  let bad = 0;
  let at = start;
  for (const { id, text: line } of file.lines) {
    if (at >= length) break;
    if (id !== null && at + line.trimEnd().length <= length) ids.push(id);
    else bad++;
    at += line.length + gap;
  }
  const isExact = isWhole || (file.format !== 'json' && hasEvenQuotes(part, file.format));
  return { fingerprint, valid: toRanges(ids), bad, isExact };
}

/** An open quote makes all of a CSV uncertain. */
function hasEvenQuotes(text: string, format: Format): boolean {
  return format !== 'csv' || (text.split('"').length - 1) % 2 === 0;
}
