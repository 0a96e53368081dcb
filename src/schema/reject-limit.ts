import { TerminalError } from '../errors.js';
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

/** @throws RejectLimit */
export function checkRejects(request: StageRequest, files: StagedFile[], rejectsPath: string | null): void {
  const { table, contract } = request;
  const read = files.reduce((sum, file) => sum + file.read, 0);
  const rejected = files.reduce((sum, file) => sum + file.rejected, 0);
  if (rejected === 0) return;
  const fail = (expected: string) => {
    const message = `${table}: expected ${expected}, got ${rejected} of ${read} records refused`;
    throw new RejectLimit(message, files, rejectsPath);
  };
  if (contract.invalidRows === 'fail') fail('no invalid rows (invalid_rows: fail)');
  const most = contract.maxRejects;
  if (most === null) return;
  if ('count' in most && rejected > most.count) fail(`at most ${most.count} rejects (max_rejects)`);
  if ('share' in most && rejected > most.share * read) {
    fail(`at most ${Number((most.share * 100).toFixed(6))}% rejects (max_rejects)`);
  }
}
