import { DatabaseSync } from 'node:sqlite';
import { TerminalError } from '../errors.js';

/**
 * A lock between processes of one machine that the kernel releases when its holder dies, however it dies.
 * Node has no flock; an exclusive transaction on an empty SQLite file is the same thing.
 */
export class ProcessLock {
  private constructor(private readonly database: DatabaseSync) {}

  /** The lock, or null while another process (or another caller in this one) holds it. Never waits. */
  static tryTake(file: string): ProcessLock | null {
    let database: DatabaseSync | null = null;
    try {
      database = new DatabaseSync(file, { timeout: 0 });
      database.exec('BEGIN EXCLUSIVE');
      return new ProcessLock(database);
    } catch (error) {
      database?.close();
      if (isBusy(error)) return null;
      const reason = (error as Error).message;
      throw new TerminalError(
        'LOCK_NOT_WRITABLE',
        `expected a file that this user may write, got ${file}: ${reason}. Was another user here before?`,
        [],
        { cause: error },
      );
    }
  }

  release(): void {
    if (this.database.isOpen) this.database.close();
  }
}

function isBusy(error: unknown): boolean {
  const sqliteBusy = 5;
  return (error as { errcode?: number }).errcode === sqliteBusy;
}
