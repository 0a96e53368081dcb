import { DatabaseSync } from 'node:sqlite';

/**
 * A lock between processes of one machine that the kernel releases when its holder dies, however it dies.
 * Node has no flock; an exclusive transaction on an empty SQLite file is the same thing.
 */
export class ProcessLock {
  private constructor(private readonly database: DatabaseSync) {}

  /** The lock, or null while another process (or another caller in this one) holds it. Never waits. */
  static tryTake(file: string): ProcessLock | null {
    const database = new DatabaseSync(file, { timeout: 0 });
    try {
      database.exec('BEGIN EXCLUSIVE');
      return new ProcessLock(database);
    } catch (error) {
      database.close();
      if (isBusy(error)) return null;
      throw error;
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
