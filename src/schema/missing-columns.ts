import { TerminalError } from '../errors.js';
import type { StageRequest } from './stage-request.js';

type Mode = 'ignore' | 'fail' | 'reject';

interface NamedFile {
  /** Index of the file in the request. */
  file: number;
  names: string[];
}

/** The columns that a file should have, by the mode of those that it lacks. A file without any column has no record. */
function missingFrom(names: string[], request: StageRequest, wanted: Mode): string[] {
  if (names.length === 0) return [];
  const there = new Set(names.map((name) => name.toLowerCase()));
  return expectedColumns(request)
    .filter(({ name, mode }) => mode === wanted && !there.has(name.toLowerCase()))
    .map(({ name }) => name);
}

/** What is computed, or filled in where there is nothing, is not missed. */
function expectedColumns(request: StageRequest): { name: string; mode: Mode }[] {
  const { missingColumns: mode = 'ignore' } = request.contract;
  const declared = request.columns.map(({ name, cleaning, contract }) => {
    const isFilled = cleaning?.expression !== undefined || cleaning?.default !== undefined;
    return { name, mode: contract?.missingColumns ?? (isFilled ? 'ignore' : mode) };
  });
  if (request.strictMode) return declared;
  const known = new Set(declared.map(({ name }) => name.toLowerCase()));
  const others = (request.existing ?? []).filter(
    ({ name, hasDefault }) => !hasDefault && !known.has(name.toLowerCase()),
  );
  return [...declared, ...others.map(({ name }) => ({ name, mode }))];
}

/**
 * To be asked of each file by itself.
 *
 * @throws TerminalError `MISSING_COLUMNS` for a file that is refused because of what it lacks
 */
export function refuseMissing(names: string[], request: StageRequest, file: string): void {
  const missing = missingFrom(names, request, 'reject');
  if (missing.length === 0) return;
  const message = `expected the columns ${missing.join(', ')} (missing_columns: reject), the file has none such (${file})`;
  throw new TerminalError('MISSING_COLUMNS', message);
}

/** @throws TerminalError `MISSING_COLUMNS` when a file lacks what no file may lack */
export function failOnMissing(files: NamedFile[], request: StageRequest): void {
  for (const { file, names } of files) {
    const missing = missingFrom(names, request, 'fail');
    if (missing.length === 0) continue;
    const expected = `expected the columns ${missing.join(', ')} in every file (missing_columns: fail)`;
    const message = `${request.table}: ${expected}, got none such in ${request.files[file]!.name}`;
    throw new TerminalError('MISSING_COLUMNS', message);
  }
}
