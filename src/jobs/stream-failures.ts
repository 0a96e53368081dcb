import { type ErrorDetail, TerminalError, TransientError } from '../errors.js';
import type { StreamError, StreamReport } from './run-report.js';
import { isFinished } from './stream-report.js';

/** Why a stream was not walked: one that it needs failed. */
const PARENT_FAILED = 'PARENT_FAILED';

/** More details than a person reads of one stream. */
const SHOWN_DETAILS = 100;

/** What a run's report says of the error that a stream failed with. */
export function toStreamError(error: TerminalError | TransientError): StreamError {
  const { code, message, details } = error;
  const isPassing = error instanceof TransientError;
  return { code, message, details: details.slice(0, SHOWN_DETAILS), isPassing };
}

/** It is not tried again in this run. */
export function isGivenUp(error: TerminalError | TransientError): boolean {
  return error instanceof TerminalError || error.isTriedOut === true;
}

/** Marks a stream that is not walked in this attempt, for good where its parent is not tried again. */
export function applySkipped(report: StreamReport, parent: StreamReport): void {
  if (isFinished(report)) return;
  const why = parent.error?.code === PARENT_FAILED ? parent.error.message : whyOf(parent);
  report.error = {
    code: PARENT_FAILED,
    message: why,
    details: [],
    isPassing: parent.error?.isPassing ?? false,
  };
  if (parent.state === 'failed' || parent.state === 'skipped') report.state = 'skipped';
}

export function isSkipped({ error }: Pick<StreamReport, 'error'>): boolean {
  return error?.code === PARENT_FAILED;
}

function whyOf({ table, error }: StreamReport): string {
  const message = error?.message ?? 'for a reason that is not known any more';
  return `${table} failed: ${message.startsWith(`${table}: `) ? message.slice(table.length + 2) : message}`;
}

/** A stream as it stands after an attempt, and what it failed with where that was in this process. */
export interface EndedStream {
  report: StreamReport;
  failure?: unknown;
}

/**
 * The error of a run whose streams failed: of a single one its own, else one that names them all; null when none failed.
 * It may pass where that of one of them may.
 */
export function runFailure(streams: readonly EndedStream[]): TerminalError | TransientError | null {
  const failed = streams.filter(({ report }) => report.error && !isSkipped(report));
  const [first] = failed;
  if (!first) return null;
  const { failure } = first;
  const isKnown = failure instanceof TerminalError || failure instanceof TransientError;
  if (streams.length === 1 && isKnown) return failure;
  const kind = failed.some(({ report }) => report.error?.isPassing) ? TransientError : TerminalError;
  const { code, message, details } =
    failed.length === 1 ? tellOne(first.report) : tellAll(failed, streams.length);
  const error = new kind(code, message + tellSkipped(streams), details, { cause: failure });
  if (error instanceof TransientError) applyRetry(error, failed);
  return error;
}

interface Told {
  code: string;
  message: string;
  details: ErrorDetail[];
}

function tellOne({ table, error }: StreamReport): Told {
  const { code, message, details } = error!;
  return { code, message: message.includes(table) ? message : `${table}: ${message}`, details };
}

function tellAll(failed: readonly EndedStream[], count: number): Told {
  const details = failed.map(({ report }) => ({ path: report.table, message: report.error!.message }));
  const names = failed.map(({ report }) => report.table).join(', ');
  const message = `expected all ${count} streams to be loaded, ${failed.length} failed: ${names}`;
  return { code: 'STREAMS_FAILED', message, details };
}

function tellSkipped(streams: readonly EndedStream[]): string {
  const names = streams.filter(({ report }) => isSkipped(report)).map(({ report }) => report.table);
  return names.length === 0 ? '' : `; skipped because of that: ${names.join(', ')}`;
}

/** Tried again as long as there is a stream for which that is worth it, after the longest wait that one was asked for. */
function applyRetry(error: TransientError, failed: readonly EndedStream[]): void {
  const again = failed.filter(({ report }) => report.state !== 'failed');
  if (again.length === 0) error.isTriedOut = true;
  const waits = again.flatMap(({ failure }) =>
    failure instanceof TransientError && failure.retryAfterMs !== undefined ? [failure.retryAfterMs] : [],
  );
  if (waits.length > 0) error.retryAfterMs = Math.max(...waits);
}
