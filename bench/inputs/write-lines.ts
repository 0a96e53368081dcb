import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

const BATCH = 5_000;

export interface Lines {
  /** Before the first line and its line end. */
  head?: string;
  /** First number, inclusive. */
  from: number;
  /** Last number, exclusive. */
  to: number;
  line: (n: number) => string;
  /** Between two lines. */
  between?: string;
  tail?: string;
}

/** Writes lines that are made one by one; the file has its name once it is whole. */
export async function writeLines(
  path: string,
  { head = '', from, to, line, between = '\n', tail = '\n' }: Lines,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(`${path}.part`, 'w');
  try {
    await file.write(head);
    for (let at = from; at < to; at += BATCH) {
      const end = Math.min(at + BATCH, to);
      const lines = Array.from({ length: end - at }, (_, n) => line(at + n)).join(between);
      await file.write(lines + (end < to ? between : tail));
    }
  } finally {
    await file.close();
  }
  await rename(`${path}.part`, path);
}
