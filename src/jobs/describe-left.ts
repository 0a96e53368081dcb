import type { RejectsLeft } from '../loader/replay.js';
import type { SkippedFile } from './run-report.js';

const REASONS: Record<NonNullable<RejectsLeft['flaw']>, string> = {
  cut: 'expected whole records, got the first 64 KiB of longer ones',
  altered: 'expected records as they stood in the file, got some with a NUL or bytes that are not UTF-8',
  unread: 'expected records, got a file or a text that could not be read as such',
};
const UNKNOWN = 'expected to know how the file was read, nobody noted it';

/** Why rejects stay in the list whatever the config says, in a sentence. */
export function describeLeft({ source, file, flaw, count }: RejectsLeft): SkippedFile {
  const what = count === 1 ? '1 reject stays' : `${count} rejects stay`;
  return { source, name: file, reason: `${what} in the list: ${flaw ? REASONS[flaw] : UNKNOWN}` };
}
