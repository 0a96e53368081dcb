import { FileRefused } from './file-errors.js';

/** PostgreSQL's own bound on the columns of a table. */
export const mostColumns = 1_600;

/** Why a name cannot be a column's, or null where it can. */
export function nameFault(name: string): string | null {
  if (name.trim() === '') return 'no name';
  if (name === '__proto__') return 'the reserved name "__proto__"';
  if (name.includes('\0')) return 'a name with U+0000';
  return name.isWellFormed() ? null : 'a name with a lone surrogate';
}

/** Throws FileRefused for the names of a header that cannot name columns: missing, doubled, or too many of them. */
export function checkHeader(names: string[]): void {
  if (names.length > mostColumns) {
    throw new FileRefused(`header: expected at most ${mostColumns} columns, got ${names.length}`, {
      line: 1,
    });
  }
  const seen = new Map<string, number>();
  for (const [index, name] of names.entries()) {
    const fault = nameFault(name);
    if (fault !== null)
      throw new FileRefused(`header: expected a name for column ${index + 1}, got ${fault}`, { line: 1 });
    const earlier = seen.get(name);
    if (earlier !== undefined) {
      const got = `${JSON.stringify(name.slice(0, 100))} for columns ${earlier} and ${index + 1}`;
      throw new FileRefused(`header: expected each name once, got ${got}`, { line: 1 });
    }
    seen.set(name, index + 1);
  }
}
