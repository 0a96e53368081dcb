import { TransientError } from '../errors.js';

/** Codes of the system -> what they mean for a run. */
const SHORT = new Map(
  Object.entries({
    ENOSPC: { code: 'DISK_FULL', says: 'expected room on the disk that MILLRACE_HOME lies on, it is full' },
    EMFILE: { code: 'TOO_MANY_OPEN_FILES', says: 'expected to open a file, the process has too many open' },
    ENFILE: { code: 'TOO_MANY_OPEN_FILES', says: 'expected to open a file, the machine has too many open' },
    EIO: { code: 'DISK_IO', says: 'expected to read or write a file, the disk failed' },
    EAGAIN: { code: 'SYSTEM_BUSY', says: 'expected to read or write a file, the system was too busy' },
    EBUSY: { code: 'SYSTEM_BUSY', says: 'expected to read or write a file, something else holds it' },
  }),
);

/** The same failure as one that may pass, when the system ran short of something; else null. */
export function shortOfResources(error: unknown): TransientError | null {
  if (!(error instanceof Error) || error instanceof TransientError || !('code' in error)) return null;
  const name = String(error.code);
  const short = SHORT.get(name);
  return short ? new TransientError(short.code, `${short.says} (${name})`, [], { cause: error }) : null;
}
