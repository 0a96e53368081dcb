import { access, constants, type FileHandle, open } from 'node:fs/promises';
import { prettyFactory } from 'pino-pretty';

const NEWLINE = 0x0a;
const CHUNK = 64 * 1024;

/**
 * The whole lines that a run's log holds now, the last `tail` of them; null when there is no such file. What a worker
 * that died wrote half is left out.
 */
export async function readRunLog(path: string, tail?: number): Promise<AsyncGenerator<string> | null> {
  try {
    await access(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  return readLines(path, tail);
}

/** Opens the file with the first line that is asked for: who asks for none would leave it open. */
async function* readLines(path: string, tail?: number): AsyncGenerator<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const end = await findEnd(file);
    const start = tail === undefined ? 0 : await findBack(file, end, tail + 1);
    if (end <= start) return;
    const stream = file.createReadStream({ start, end: end - 1, encoding: 'utf8', autoClose: false });
    let rest = '';
    for await (const chunk of stream as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      yield* lines.filter(isWhole);
    }
  } finally {
    await file.close();
  }
}

/** Just behind the last newline. */
async function findEnd(file: FileHandle): Promise<number> {
  const { size } = await file.stat();
  return findBack(file, size, 1);
}

/** Just behind the `count`-th newline before `end`; 0 when there are fewer. */
async function findBack(file: FileHandle, end: number, count: number): Promise<number> {
  const chunk = Buffer.alloc(CHUNK);
  let left = count;
  for (let from = end; from > 0;) {
    const length = Math.min(CHUNK, from);
    from -= length;
    const { bytesRead } = await file.read(chunk, 0, length, from);
    const part = chunk.subarray(0, bytesRead);
    for (let at = part.lastIndexOf(NEWLINE); at >= 0; at = at > 0 ? part.lastIndexOf(NEWLINE, at - 1) : -1) {
      left -= 1;
      if (left === 0) return from + at + 1;
    }
  }
  return 0;
}

function isWhole(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

/** What ends a line, moves the cursor of a terminal or turns the order of what is read. */
const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const format = prettyFactory({
  colorize: false,
  singleLine: true,
  translateTime: 'UTC:yyyy-mm-dd HH:MM:ss.l',
  ignore: 'pid,hostname,context,runId,pipeline',
});

/** A line of a run's log for people, without colours. What it quotes can neither break it nor move the cursor. */
export function describeLine(line: string): string {
  return `${escapeLines(format(JSON.parse(line, escapeValue)).trimEnd())}\n`;
}

function escapeValue(key: string, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  // A stack holds nothing but frames, a line each.
  return key === 'stack' ? escapeLines(value) : escape(value);
}

function escapeLines(text: string): string {
  return text.split('\n').map(escape).join('\n');
}

function escape(text: string): string {
  return text.replace(CONTROL, (character) => {
    return `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`;
  });
}
