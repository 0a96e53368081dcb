import { TerminalError, TransientError } from '../errors.js';

/** The file is not what was seen at the look: written to, replaced, or gone. The next attempt looks again. */
export class FileChanged extends TransientError {
  constructor(readonly file: string) {
    super(
      'FILE_CHANGED',
      `expected ${JSON.stringify(file)} as it was first seen, got a file that changed meanwhile`,
    );
  }
}

/** The system could not read or write a file; may pass. `file` is the name inside the source. */
export class FileUnreadable extends TransientError {
  constructor(
    readonly file: string,
    cause: unknown,
  ) {
    super('FILE_UNREADABLE', `expected to read ${JSON.stringify(file)}, got ${systemCode(cause)}`, [], {
      cause,
    });
  }
}

/** A source's path that may not be read or is not there. */
export class PathRefused extends TerminalError {
  constructor(code: 'PATH_REFUSED' | 'PATH_MISSING' | 'PATH_UNREADABLE', message: string) {
    super(code, message, [{ path: 'path', message }]);
  }
}

/** Something other than a regular file; `kind` in words, e.g. `a named pipe`. */
export class FileNotRegular extends TerminalError {
  constructor(readonly kind: string) {
    super('FILE_NOT_REGULAR', `expected a regular file, got ${kind}`);
  }
}

/** Where in the decoded text a file went wrong. */
export interface FaultPlace {
  /** Bytes from the start of `path`. */
  at?: number;
  /** 1-based line, where it is known at once. */
  line?: number;
  /** The decoded text that `at` counts in. */
  path?: string;
}

/** The content of a file is not what it claims to be: the whole file counts as one refused record. */
export class FileRefused extends TerminalError {
  constructor(
    readonly reason: string,
    readonly place: FaultPlace = {},
    readonly raw = '',
  ) {
    super('FILE_REFUSED', reason);
  }
}

/** The system's name for an error (`ENOENT`, `EACCES`), or `an error` where it gives none. */
export function systemCode(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return typeof code === 'string' ? code : 'an error';
}
