import type { RecordLayout } from '../schema/stage.js';

/** A raw record as a part of a file that is read again. */
export interface WrittenRecord {
  text: string;
  /** Lines that it takes up. */
  lines: number;
}

/** A value that is NULL in a file of CSV that stands for Parquet; every other value is quoted. */
export const NULL_MARK = '\\N';

/** How each layout's raw records are written: as they stood, or in a form that holds every value as it was. */
const WRITERS: Record<RecordLayout['format'], (raw: string, layout: RecordLayout) => string> = {
  csv: (raw) => raw,
  // A line end in valid JSON is no more than a blank.
  json: (raw) => raw.replace(/[\r\n]/g, ' '),
  text: (raw) => JSON.stringify({ line: raw }),
  parquet: (raw, { columns }) => {
    const values = JSON.parse(raw) as Record<string, string | null>;
    return columns.map((name) => quoted(values[name] ?? null)).join(',');
  },
};

export function writeRawRecord(raw: string, layout: RecordLayout): WrittenRecord {
  const text = WRITERS[layout.format](raw, layout);
  return { text: `${text}\n`, lines: 1 + (text.match(/\r\n|\r|\n/g)?.length ?? 0) };
}

function quoted(value: string | null): string {
  return value === null ? NULL_MARK : `"${value.replaceAll('"', '""')}"`;
}
