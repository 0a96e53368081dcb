import type { ErrorDetail } from '../../../errors.js';
import type { Secrets } from './secrets.js';

const MAX_DEPTH = 5;
/** What programs tell errors by. */
const FIXED = ['name', 'code'];
/** What clients hang on their errors: whole requests and answers. */
const LADEN = ['config', 'request', 'response', 'options', 'headers'];

/** Takes every secret out of an error: its message, its stack, its details, its other texts and those of its causes. */
export function redactError<T>(error: T, secrets: Secrets, depth = 0): T {
  if (!(error instanceof Error) || depth === MAX_DEPTH) return error;
  for (const name of LADEN) Reflect.deleteProperty(error, name);
  for (const name of ['message', 'stack', ...Object.keys(error)]) {
    const value: unknown = Reflect.get(error, name);
    if (typeof value !== 'string' || FIXED.includes(name)) continue;
    const shown = secrets.hide(value);
    if (shown !== value) Reflect.set(error, name, shown);
  }
  const { details, cause } = error as { details?: ErrorDetail[]; cause?: unknown };
  if (Array.isArray(details)) {
    for (const detail of details) detail.message = secrets.hide(detail.message);
  }
  if (typeof cause === 'string') error.cause = secrets.hide(cause);
  else redactError(cause, secrets, depth + 1);
  return error;
}
