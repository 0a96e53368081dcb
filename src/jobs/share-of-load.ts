import type { LoadProgress } from '../loader/load.js';
import type { Stage } from '../schema/stage.js';
import { bytesOf } from './progress-meter.js';
import type { StreamReport } from './run-report.js';

/** A row as COPY takes it is a little longer than the record that it was read from: every field is quoted. */
const LONGER = 1.15;

/**
 * Tells how much of a load is done. The identities travel besides the rows that are new, and take up to half of the time.
 * @param report of the stream, with the files that it loads
 */
export function shareOfLoad(
  { identities, rows }: Stage,
  report: StreamReport,
): (sent: LoadProgress) => [share: number, rows: number] {
  // Once: there may be thousands of files, and every chunk that was sent is told of.
  const bytes = bytesOf(report);
  return ({ identitiesSent, rowBytesSent, unseen }) => {
    const searched = identities === 0 ? 1 : Math.min(identitiesSent / identities, 1);
    const toMove = (bytes * LONGER * unseen) / Math.max(rows, 1);
    const moved = toMove === 0 ? 0 : Math.min(rowBytesSent / toMove, 1);
    const share = (searched + moved) / 2;
    return [share, Math.round(rows * share)];
  };
}
