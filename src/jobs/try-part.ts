import type { PinoLogger } from 'nestjs-pino';
import { describeFailure, foresee } from './describe-failure.js';
import { isGivenUp, type RunPart, toStreamError } from './part-failures.js';
import { RunTakenOver } from './run-journal.js';
import type { RunSignals } from './run-signals.js';

export interface TriedPart extends RunPart {
  what: 'stream' | 'transform';
  log: PinoLogger['logger'];
  signals: RunSignals;
  /** Takes what it failed with. */
  keepFailure(failure: unknown): void;
  /** Makes durable what the report says. */
  record(): Promise<void>;
}

/**
 * Does a part of a run. A failure is the part's own and goes into its report.
 * @returns whether it succeeded
 * @throws what ends the whole run at once: a cancel, the end of the service, a run that was taken over
 */
export async function tryPart(part: TriedPart, work: () => Promise<unknown>): Promise<boolean> {
  const { what, name, report, log, signals } = part;
  report.error = null;
  try {
    await work();
    return true;
  } catch (thrown) {
    part.keepFailure(thrown);
    const error = foresee(thrown);
    if (endsRun(signals, error)) throw error;
    const fields = { [what]: name, state: report.state };
    const known = describeFailure(error, what, { log, fields });
    part.keepFailure(known);
    report.error = toStreamError(known);
    if (isGivenUp(known)) report.state = 'failed';
    await part.record();
    return false;
  }
}

/** What is no fault of the part: the run is taken away from this worker, or its own database does not answer. */
function endsRun({ work }: RunSignals, error: unknown): boolean {
  if (work.aborted || error instanceof RunTakenOver) return true;
  return error instanceof Error && 'code' in error && error.code === 'SERVICE_DATABASE';
}
