import { appendFileSync } from 'node:fs';
import { constants, type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Run } from './run.entity.js';

/** Lines that wait for a disk that does not keep up; what comes beyond is left out. */
const MOST_WAITING = 4 * 1024 * 1024;

export function logsFolder(home: string): string {
  return join(home, 'logs');
}

/** All attempts of a run write to one file, whose name begins with the day on which the run was queued, in UTC. */
export function logPath(home: string, { id, queuedAt }: Pick<Run, 'id' | 'queuedAt'>): string {
  return join(logsFolder(home), `${queuedAt.toISOString().slice(0, 10)}-${id}.log`);
}

/**
 * A file that lines are added to without waiting for the disk. A line that cannot be written is lost and the trouble
 * told once: a run does not end because its log is not written. Pino's own file writer never returns from its flush at
 * the end of the process when the disk is full.
 */
export class RunLogFile {
  private waiting: string[] = [];
  private waitingLength = 0;
  private writing: Promise<void> | null = null;
  private isOpen = true;
  private isTroubled = false;

  private constructor(
    private readonly handle: FileHandle,
    /** Whether the file ends with a whole line; else the next one must not be joined to what is left of it. */
    private isWhole: boolean,
    private readonly onTrouble: (error: unknown) => void,
  ) {}

  /** Opens the file, or makes it, and its folder, for the service's own user only. */
  static async open(path: string, onTrouble: (error: unknown) => void): Promise<RunLogFile> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const { O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
    const handle = await open(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
    try {
      return new RunLogFile(handle, await endsWhole(handle), onTrouble);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  write(line: string): void {
    if (!this.isOpen) return;
    if (this.waitingLength + line.length > MOST_WAITING) {
      this.tell(new Error('the disk does not keep up with the log'));
      return;
    }
    this.waiting.push(line);
    this.waitingLength += line.length;
    this.writing ??= this.writeAll();
  }

  /** Writes what waits and lets go of the file; lines that come later go nowhere. */
  async close(): Promise<void> {
    if (!this.isOpen) return;
    this.isOpen = false;
    await this.writing;
    await this.handle.close().catch((error: unknown) => this.tell(error));
  }

  /** Writes what waits before it returns, for the last moment of the process. */
  flushSync(): void {
    if (this.waiting.length === 0) return;
    try {
      appendFileSync(this.handle.fd, this.take());
    } catch (error) {
      this.tell(error);
    }
  }

  private async writeAll(): Promise<void> {
    while (this.waiting.length > 0) {
      try {
        await this.handle.appendFile(this.take());
        this.isTroubled = false;
      } catch (error) {
        this.isWhole = false;
        this.tell(error);
      }
    }
    this.writing = null;
  }

  private take(): string {
    const lines = this.waiting.join('');
    const text = this.isWhole ? lines : `\n${lines}`;
    this.waiting = [];
    this.waitingLength = 0;
    this.isWhole = true;
    return text;
  }

  private tell(error: unknown): void {
    if (!this.isTroubled) this.onTrouble(error);
    this.isTroubled = true;
  }
}

async function endsWhole(handle: FileHandle): Promise<boolean> {
  const { size } = await handle.stat();
  if (size === 0) return true;
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] === 0x0a;
}
