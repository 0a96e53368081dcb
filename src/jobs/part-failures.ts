import { type ErrorDetail, TerminalError, TransientError } from '../errors.js';
import type { StreamError } from './run-report.js';

/** Why a part was not begun: one that it needs failed. */
const PARENT_FAILED = 'PARENT_FAILED';

/** More details than a person reads of one part. */
const SHOWN_DETAILS = 100;

/** What a run's report says of the error that a part of it failed with. */
export function toStreamError(error: TerminalError | TransientError): StreamError {
  const { code, message, details } = error;
  const isPassing = error instanceof TransientError;
  return { code, message, details: details.slice(0, SHOWN_DETAILS), isPassing };
}

/** It is not tried again in this run. */
export function isGivenUp(error: TerminalError | TransientError): boolean {
  return error instanceof TerminalError || error.isTriedOut === true;
}

/** A stream or a transform as it stands after an attempt. */
export interface RunPart {
  name: string;
  report: { state: string; error?: StreamError | null };
  /** What it failed with, where that was in this process. */
  failure?: unknown;
}

/** Marks a part that is not begun in this attempt, for good where what it needs is not tried again. */
export function applySkipped({ report }: RunPart, parent: RunPart): void {
  if (isDone(report)) return;
  const { error } = parent.report;
  const message = error?.code === PARENT_FAILED ? error.message : whyOf(parent);
  report.error = { code: PARENT_FAILED, message, details: [], isPassing: error?.isPassing ?? false };
  if (parent.report.state === 'failed' || parent.report.state === 'skipped') report.state = 'skipped';
}

export function isSkipped({ error }: RunPart['report']): boolean {
  return error?.code === PARENT_FAILED;
}

function isDone({ state }: RunPart['report']): boolean {
  return state === 'succeeded' || state === 'unchanged' || state === 'empty';
}

function whyOf({ name, report: { error } }: RunPart): string {
  const message = error?.message ?? 'for a reason that is not known any more';
  return `${name} failed: ${message.startsWith(`${name}: `) ? message.slice(name.length + 2) : message}`;
}

/**
 * The error of a run whose parts failed: of a single one its own, else one that names them all; null when none failed. It
 * may pass where that of one of them may.
 */
export function runFailure(parts: readonly RunPart[]): TerminalError | TransientError | null {
  const failed = parts.filter(({ report }) => report.error && !isSkipped(report));
  const [first] = failed;
  if (!first) return null;
  const { failure } = first;
  const isKnown = failure instanceof TerminalError || failure instanceof TransientError;
  if (parts.length === 1 && isKnown) return failure;
  const kind = failed.some(({ report }) => report.error?.isPassing) ? TransientError : TerminalError;
  const { code, message, details } = failed.length === 1 ? tellOne(first) : tellAll(failed, parts.length);
  const error = new kind(code, message + tellSkipped(parts), details, { cause: failure });
  if (error instanceof TransientError) applyRetry(error, failed);
  return error;
}

interface Told {
  code: string;
  message: string;
  details: ErrorDetail[];
}

function tellOne({ name, report: { error } }: RunPart): Told {
  const { code, message, details } = error!;
  return { code, message: message.includes(name) ? message : `${name}: ${message}`, details };
}

function tellAll(failed: readonly RunPart[], count: number): Told {
  const details = failed.map(({ name, report }) => ({ path: name, message: report.error!.message }));
  const names = failed.map(({ name }) => name).join(', ');
  const message = `expected all ${count} streams and transforms to succeed, ${failed.length} failed: ${names}`;
  return { code: 'STREAMS_FAILED', message, details };
}

function tellSkipped(parts: readonly RunPart[]): string {
  const names = parts.filter(({ report }) => isSkipped(report)).map(({ name }) => name);
  return names.length === 0 ? '' : `; skipped because of that: ${names.join(', ')}`;
}

/** Tried again as long as there is a part for which that is worth it, after the longest wait that one was asked for. */
function applyRetry(error: TransientError, failed: readonly RunPart[]): void {
  const again = failed.filter(({ report }) => report.state !== 'failed');
  if (again.length === 0) error.isTriedOut = true;
  const waits = again.flatMap(({ failure }) =>
    failure instanceof TransientError && failure.retryAfterMs !== undefined ? [failure.retryAfterMs] : [],
  );
  if (waits.length > 0) error.retryAfterMs = Math.max(...waits);
}
