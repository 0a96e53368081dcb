import { TerminalError } from '../errors.js';
import type { SettledColumn } from './settled-column.js';
import type { StagedFile } from './stage.js';
import type { StageRequest } from './stage-request.js';

/** More records were refused than the contract bears: nothing is loaded. The rejects stay to be looked at. */
export class RejectLimit extends TerminalError {
  constructor(
    message: string,
    readonly table: string,
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
  const total = totalOf(refusals);
  if (total.rejected === 0) return;
  const strict = failingRejects(total.rejected, request.contract.invalidRows, refusals);
  if (strict.count > 0) fail(request, refusals, { ...total, rejected: strict.count }, strict.expected);
  checkMost(request, refusals, total);
}

/**
 * As `checkRejects`, after rows of a finished stage were refused.
 *
 * @param refused how many of the rejects are such
 * @throws RejectLimit
 */
export function checkRefused(request: Limited, refused: number, after: Refused): void {
  const total = totalOf(after);
  if (request.contract.invalidRows === 'fail' && refused > 0)
    fail(request, after, { ...total, rejected: refused }, 'no invalid rows (invalid_rows: fail)');
  checkMost(request, after, total);
}

type Limited = Pick<StageRequest, 'table' | 'contract'>;
type Refused = Pick<Refusals, 'files' | 'rejectsPath'>;

interface Total {
  read: number;
  rejected: number;
}

function totalOf({ files }: Refused): Total {
  return {
    read: files.reduce((sum, file) => sum + file.read, 0),
    rejected: files.reduce((sum, file) => sum + file.rejected, 0),
  };
}

function checkMost(request: Limited, refused: Refused, total: Total): void {
  const { read, rejected } = total;
  const most = request.contract.maxRejects;
  if (most === null) return;
  if ('count' in most && rejected > most.count)
    fail(request, refused, total, `at most ${most.count} rejects (max_rejects)`);
  if ('share' in most && rejected > most.share * read) {
    const share = Number((most.share * 100).toFixed(6));
    fail(request, refused, total, `at most ${share}% rejects (max_rejects)`);
  }
}

function fail(
  { table }: Limited,
  { files, rejectsPath }: Refused,
  { read, rejected }: Total,
  expected: string,
): never {
  const message = `${table}: expected ${expected}, got ${rejected} of ${read} records refused`;
  throw new RejectLimit(message, table, files, rejectsPath);
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
