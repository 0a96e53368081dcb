import { TerminalError } from '../errors.js';
import type { StreamListing } from './digest-listings.js';
import type { FileReport } from './run-report.js';
import type { Run } from './run.entity.js';

/** The files that a run saw in a stream's sources, without pages of APIs; none where the run knew no such stream. */
export function filesOf(run: Run | null, table: string): FileReport[] {
  const index = run?.streams.findIndex((stream) => stream.table === table) ?? -1;
  const files = run?.files?.[index]?.files ?? [];
  return files.filter(({ url }) => url === undefined);
}

/**
 * Refuses a file that stands where a run of the same config found a folder: it is not data that is there all of a
 * sudden, but data that is gone.
 * @throws TerminalError `PATH_MISSING`
 */
export function checkFolders(listed: readonly StreamListing[], run: Run): void {
  for (const { stream, listings } of listed) {
    const before = filesOf(run, stream.table);
    for (const [index, { isFile, files }] of listings.entries()) {
      if (!isFile || !before.some(({ source, name }) => source === index && name !== files[0]?.name))
        continue;
      const source = stream.sources[index]!;
      const path = source.type === 'local' ? source.path : source.url;
      const message = `path: expected ${JSON.stringify(path)} to be a folder as before, got a file`;
      throw new TerminalError('PATH_MISSING', message, [{ path: 'path', message }]);
    }
  }
}
