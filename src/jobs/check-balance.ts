import { TerminalError, type ErrorDetail } from '../errors.js';
import type { Counts } from './run-report.js';

/** Records are missing, or were counted twice. Nothing may be reported as loaded then. */
export class CountsDoNotBalance extends TerminalError {
  constructor(table: string, details: ErrorDetail[]) {
    const first = details[0]?.message ?? '';
    super(
      'COUNTS_DO_NOT_BALANCE',
      `${table}: expected read = inserted + updated + duplicate + rejected; ${first}`,
      details,
    );
  }
}

interface CountedStream extends Counts {
  table: string;
  files: (Counts & { name: string })[];
}

const KINDS = ['read', 'inserted', 'updated', 'duplicate', 'rejected'] as const;

/**
 * Checks that every record of every file is accounted for, and that the files add up to the stream.
 * @throws CountsDoNotBalance with one detail for each sum that is off
 */
export function checkBalance(stream: CountedStream): void {
  const details = [...stream.files.flatMap((file) => sumOf(file.name, file)), ...sumOf(stream.table, stream)];
  for (const kind of KINDS) {
    const sum = stream.files.reduce((total, file) => total + file[kind], 0);
    if (sum !== stream[kind]) {
      details.push({
        path: stream.table,
        message: `${kind}: expected ${stream[kind]}, the files add up to ${sum}`,
      });
    }
  }
  if (details.length > 0) throw new CountsDoNotBalance(stream.table, details);
}

function sumOf(path: string, counts: Counts): ErrorDetail[] {
  const accounted = counts.inserted + counts.updated + counts.duplicate + counts.rejected;
  const isWhole = KINDS.every((kind) => Number.isSafeInteger(counts[kind]) && counts[kind] >= 0);
  if (isWhole && counts.read === accounted) return [];
  return [{ path, message: `${path}: ${counts.read} read, ${accounted} accounted for` }];
}
