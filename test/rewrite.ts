import { stat, writeFile } from 'node:fs/promises';

/** Writes to a file that is there until its time is another one: some systems' times move only every few milliseconds. */
export async function rewrite(path: string, text: string): Promise<void> {
  const { mtimeNs } = await stat(path, { bigint: true });
  do await writeFile(path, text);
  while ((await stat(path, { bigint: true })).mtimeNs === mtimeNs);
}
