/** A reject as the loader keeps it; the columns of the download, in this order. */
export interface RejectRow {
  table: string;
  file: string;
  line: number | null;
  column: string | null;
  reason: string;
  raw: string;
  configVersion: number;
}

const COLUMNS = ['table', 'file', 'line', 'column', 'reason', 'raw', 'configVersion'] as const;

export const REJECTS_HEADER = `${COLUMNS.join(',')}\r\n`;

/** One line of the download, RFC 4180. */
export function rejectLine(reject: RejectRow): string {
  return `${COLUMNS.map((column) => csvField(reject[column])).join(',')}\r\n`;
}

/**
 * A field of a CSV that people open in a spreadsheet: a text that one would run as a formula (it begins with
 * `= + - @`, a tab or a carriage return) gets an apostrophe in front. So a raw record may differ by that apostrophe
 * from what stood in the file; the JSON form has it as it was.
 * See https://owasp.org/www-community/attacks/CSV_Injection
 */
export function csvField(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) || safe !== value || value === '' ? `"${safe.replaceAll('"', '""')}"` : safe;
}
