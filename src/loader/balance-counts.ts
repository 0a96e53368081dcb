import { TerminalError } from '../errors.js';
import type { FileTally, Stage, StagedFile } from '../schema/stage.js';
import type { FileCounts } from './load.js';

/** What the database counted in the load's transaction. */
export interface DatabaseCounts {
  /** Identities that the table had not got. */
  unseen: number;
  /** Rows that COPY reported. */
  rows: number;
  /** Hashes that were inserted. */
  hashes: number;
  /** Rejects that were inserted. */
  rejects: number;
}

export type Counts = Pick<FileCounts, 'read' | 'inserted' | 'updated' | 'duplicate' | 'rejected'>;

/** The counts of each file, in the stage's order. */
export function countFiles(files: StagedFile[], tally: FileTally[]): FileCounts[] {
  const byFile = new Map(tally.map((entry) => [entry.file, entry]));
  return files.map(({ source, name, fingerprint, read, rejected, copyOf }, index) => {
    const { unseen = 0, duplicate = 0 } = byFile.get(index) ?? {};
    return { source, name, fingerprint, read, inserted: unseen, updated: 0, duplicate, rejected, copyOf };
  });
}

/** The sums over all files. */
export function sumCounts(files: FileCounts[]): Counts {
  const sum = (key: keyof Counts) => files.reduce((total, file) => total + file[key], 0);
  return {
    read: sum('read'),
    inserted: sum('inserted'),
    updated: sum('updated'),
    duplicate: sum('duplicate'),
    rejected: sum('rejected'),
  };
}

/**
 * Holds what the stage says against what the database did.
 *
 * @throws TerminalError `COUNTS_DO_NOT_BALANCE`, naming every number that is off
 */
export function checkBalance(
  stage: Pick<Stage, 'rows' | 'rejected'>,
  files: FileCounts[],
  database: DatabaseCounts,
  where: string,
): void {
  const total = sumCounts(files);
  const wrong = [
    ...files.filter((file) => !isBalanced(file)).map(describeFile),
    ...differences([
      ['rows that passed every check', stage.rows, total.inserted + total.updated + total.duplicate],
      ['rejects', stage.rejected, total.rejected],
      ['rejects stored', stage.rejected, database.rejects],
      ['unseen rows', database.unseen, total.inserted],
      ['rows that COPY took', total.inserted, database.rows],
      ['hashes stored', total.inserted, database.hashes],
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

function differences(pairs: [what: string, expected: number, got: number][]): string[] {
  return pairs
    .filter(([, expected, got]) => expected !== got)
    .map(([what, expected, got]) => `${what}: expected ${expected}, got ${got}`);
}
