import { TerminalError } from '../errors.js';
import type { Stage, StagedFile } from '../schema/stage.js';
import type { FileCounts } from './load.js';
import type { Agreement, FileOutcome } from './write/write-mode.js';

export type Counts = Pick<FileCounts, 'read' | 'inserted' | 'updated' | 'duplicate' | 'rejected'>;

/** The counts of each file, in the stage's order. All good rows of a carried one are in the table. */
export function countFiles(files: StagedFile[], outcomes: FileOutcome[]): FileCounts[] {
  const byFile = new Map(outcomes.map((outcome) => [outcome.file, outcome]));
  return files.map((file, index) => {
    const { source, name, fingerprint, read, rejected, copyOf, carriedAs } = file;
    const { inserted = 0, updated = 0, duplicate = 0 } = (!carriedAs && byFile.get(index)) || {};
    const counts = { read, inserted, updated, duplicate: duplicate + carriedRows(file), rejected };
    return { source, name, fingerprint, ...counts, copyOf };
  });
}

/** The sums over all files. */
export function sumCounts(files: FileCounts[]): Counts {
  const sum = (key: keyof Counts) => sumOf(files.map((file) => file[key]));
  return {
    read: sum('read'),
    inserted: sum('inserted'),
    updated: sum('updated'),
    duplicate: sum('duplicate'),
    rejected: sum('rejected'),
  };
}

/** Rows that are in the table from an earlier load, and not in the stage. */
export function countCarried(files: StagedFile[]): number {
  return sumOf(files.map(carriedRows));
}

function carriedRows({ carriedAs, read, rejected, knownRecords = 0 }: StagedFile): number {
  return carriedAs ? read - rejected : knownRecords;
}

function sumOf(counts: number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** What was counted besides the stage's own numbers. */
export interface Counted {
  /** Rejects that were stored. */
  rejects: number;
  agreements: Agreement[];
  /** Rows of carried files, which are not in the stage; absent: none. */
  carried?: number;
}

/**
 * Holds what the stage says against what the database did.
 *
 * @throws TerminalError `COUNTS_DO_NOT_BALANCE`, naming every number that is off
 */
export function checkBalance(
  stage: Pick<Stage, 'rows' | 'rejected'>,
  files: FileCounts[],
  { rejects, agreements, carried = 0 }: Counted,
  where: string,
): void {
  const total = sumCounts(files);
  const wrong = [
    ...files.filter((file) => !isBalanced(file)).map(describeFile),
    ...differences([
      [
        'rows that passed every check',
        stage.rows + carried,
        total.inserted + total.updated + total.duplicate,
      ],
      ['rejects', stage.rejected, total.rejected],
      ['rejects stored', stage.rejected, rejects],
      ...agreements,
    ]),
  ];
  if (wrong.length > 0) throw new TerminalError('COUNTS_DO_NOT_BALANCE', `${where}: ${wrong.join('; ')}`);
}

function isBalanced({ read, inserted, updated, duplicate, rejected, copyOf }: FileCounts): boolean {
  if (copyOf !== null && read !== 0) return false;
  const counts = [read, inserted, updated, duplicate, rejected];
  const areCounts = counts.every((count) => Number.isSafeInteger(count) && count >= 0);
  return areCounts && read === inserted + updated + duplicate + rejected;
}

function describeFile(file: FileCounts): string {
  const { name, read, inserted, updated, duplicate, rejected } = file;
  return `${name}: expected ${read} records, got ${inserted} inserted + ${updated} updated + ${duplicate} duplicate + ${rejected} rejected`;
}

function differences(pairs: Agreement[]): string[] {
  return pairs
    .filter(([, expected, got]) => expected !== got)
    .map(([what, expected, got]) => `${what}: expected ${expected}, got ${got}`);
}
