import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { outputFolder } from './combined-csv.js';
import type { NamedOutputs } from './find-runs-in-use.js';
import { noFolder } from './no-folder.js';
import type { Removed } from './sweep-report.js';

const SIGNATURE = /^\.(.+)\.signature$/;

/** Names of pipelines that have combined CSVs. */
export async function pipelinesWithOutputs(home: string): Promise<string[]> {
  const entries = await readdir(outputFolder(home), { withFileTypes: true }).catch(noFolder);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/**
 * Removes the combined CSVs of a pipeline that no run names any more, with their signatures. A file without a signature
 * may be somebody else's, as are all of a pipeline that is not known: these go only once they are old. The caller makes
 * sure that no run is about to write one.
 */
export async function sweepOutputs(
  home: string,
  { pipeline, named, isKnown, before }: NamedOutputs & { pipeline: string; before: Date },
): Promise<Removed> {
  const folder = join(outputFolder(home), pipeline);
  const removed = { count: 0, bytes: 0 };
  const entries = (await readdir(folder, { withFileTypes: true }).catch(noFolder)).filter((one) =>
    one.isFile(),
  );
  const signed = new Set(entries.flatMap(({ name }) => SIGNATURE.exec(name)?.[1] ?? []));
  const unnamed = entries.filter(({ name }) => !name.startsWith('.') && !named.has(name));
  for (const { name } of unnamed) {
    const path = join(folder, name);
    const { size, mtime } = await stat(path);
    if (!(isKnown && signed.has(name)) && mtime >= before) {
      signed.delete(name);
      continue;
    }
    await rm(path);
    removed.count += 1;
    removed.bytes += size;
  }
  // After the files: a signature that is left alone is harmless, a file that is left alone would look like somebody else's.
  for (const name of signed) if (!named.has(name)) await rm(join(folder, `.${name}.signature`));
  return removed;
}
