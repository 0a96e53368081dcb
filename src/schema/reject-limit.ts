import { TerminalError } from '../errors.js';
import type { SettledColumn } from './settled-column.js';
import type { StagedFile } from './stage.js';
import type { StageRequest } from './stage-request.js';

/** More records were refused than the contract bears: nothing is loaded. The rejects stay to be looked at. */
export class RejectLimit extends TerminalError {
  constructor(
    message: string,
    readonly files: StagedFile[],
    /** NDJSON of StageReject. */
    readonly rejectsPath: string | null,
  ) {
    super('TOO_MANY_REJECTS', message);
  }
}

interface Refusals {
  files: StagedFile[];
  /** By the index that `byColumn` gives. */
  columns: SettledColumn[];
  byColumn: Map<number, number>;
  rejectsPath: string | null;
}

/** @throws RejectLimit */
export function checkRejects(request: StageRequest, refusals: Refusals): void {
  const { table, contract } = request;
  const { files, rejectsPath } = refusals;
  const read = files.reduce((sum, file) => sum + file.read, 0);
  const rejected = files.reduce((sum, file) => sum + file.rejected, 0);
  if (rejected === 0) return;
  const fail = (expected: string, count = rejected) => {
    const message = `${table}: expected ${expected}, got ${count} of ${read} records refused`;
    throw new RejectLimit(message, files, rejectsPath);
  };
  const strict = failingRejects(rejected, contract.invalidRows, refusals);
  if (strict.count > 0) fail(strict.expected, strict.count);
  const most = contract.maxRejects;
  if (most === null) return;
  if ('count' in most && rejected > most.count) fail(`at most ${most.count} rejects (max_rejects)`);
  if ('share' in most && rejected > most.share * read) {
    fail(`at most ${Number((most.share * 100).toFixed(6))}% rejects (max_rejects)`);
  }
}

interface FailingRejects {
  count: number;
  /** What the contract expects instead. */
  expected: string;
}

/** Those that none may be of. What a column says goes before what the stream says. */
function failingRejects(
  rejected: number,
  invalidRows: StageRequest['contract']['invalidRows'],
  { columns, byColumn }: Refusals,
): FailingRejects {
  const ofMode = (isFailing: boolean) =>
    [...byColumn].filter(
      ([index]) => columns[index] && (columns[index].misfit?.mode === 'fail') === isFailing,
    );
  const sum = (counts: [number, number][]) => counts.reduce((total, [, count]) => total + count, 0);
  if (invalidRows === 'fail') {
    return { count: rejected - sum(ofMode(false)), expected: 'no invalid rows (invalid_rows: fail)' };
  }
  const failing = ofMode(true);
  const first = columns[failing[0]?.[0] ?? -1];
  const expected =
    first?.misfit?.key === 'type_change'
      ? "only values that fit the table's types (type_change: fail)"
      : `no invalid ${first?.name} (invalid_rows: fail)`;
  return { count: sum(failing), expected };
}
