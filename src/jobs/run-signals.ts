/** The work of a run ended because somebody cancelled it. */
export class RunCancelled extends Error {
  constructor(runId: string) {
    super(`run ${runId} was cancelled`);
    this.name = 'RunCancelled';
  }
}

/** What may end a run's work before its time. A step takes the signal that is right for how far it has come. */
export interface RunSignals {
  /** For all that comes before a load: ends as soon as the service stops, the run is cancelled or taken over. */
  work: AbortSignal;
  /** As `work`, without the cancel: what a cancelled run has still to settle must come to its end. */
  uncancelled: AbortSignal;
  /** For a load: as `work`, but a service that stops gives it some time to end by itself. */
  load: AbortSignal;
  /** For what follows a committed load, which a cancel comes too late for. */
  committed: AbortSignal;
  /** Aborted once somebody has cancelled the run; its reason is a `RunCancelled`. */
  cancel: AbortSignal;
}

/** What the parts of the service say about a run. */
export interface Interruptions {
  /** The queue gave the run to another worker. */
  takenOver: AbortSignal;
  /** The service begins to stop. */
  stopping: AbortSignal;
  /** The service has waited long enough for loads to end. */
  graceOver: AbortSignal;
  cancel: AbortSignal;
}

export function toRunSignals({ takenOver, stopping, graceOver, cancel }: Interruptions): RunSignals {
  return {
    work: AbortSignal.any([takenOver, stopping, cancel]),
    uncancelled: AbortSignal.any([takenOver, stopping]),
    load: AbortSignal.any([takenOver, graceOver, cancel]),
    committed: AbortSignal.any([takenOver, graceOver]),
    cancel,
  };
}
