import { TransientError, type TerminalError } from '../errors.js';

/** HTTP statuses by the code of an error, or by the end of the code: `RUN_NOT_FOUND` ends in `NOT_FOUND`. */
const statuses: Record<string, number> = {
  INVALID_REQUEST: 400,
  INVALID_CURSOR: 400,
  NOT_FOUND: 404,
  CONFLICT: 409,
  RUN_UNDER_WAY: 409,
  RUN_OVER: 409,
  PLAN_STALE: 409,
  NOTHING_TO_REPLAY: 409,
  GONE: 410,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
};

/** 503 for what may pass by itself, the code's status where it has one, else 422. */
export function statusOf(error: TerminalError | TransientError): number {
  if (error instanceof TransientError) return 503;
  const code = Object.keys(statuses).find((name) => error.code === name || error.code.endsWith(`_${name}`));
  return code ? (statuses[code] ?? 422) : 422;
}
