import type { StreamConfig } from '../config-history/pipeline-config.js';
import { ProgressMeter } from './progress-meter.js';
import type { StreamWalk, Walk } from './run-walk.js';
import { emptyReport } from './stream-report.js';

/** A run at its streams, in the order of the config, each where earlier attempts have brought it. */
export function openWalks(
  configs: StreamConfig[],
  walk: Pick<Walk, 'journal' | 'folder' | 'signals' | 'target' | 'secrets' | 'onLosses'>,
): StreamWalk[] {
  const { journal } = walk;
  const streams = configs.map((stream, index) => journal.reached[index] ?? emptyReport(stream));
  const progress = new ProgressMeter({ streams, tell: (now) => journal.progress(now) });
  const walks: StreamWalk[] = [];
  for (const [index, stream] of configs.entries()) {
    const report = streams[index]!;
    walks.push({ ...walk, streams, progress, walks, index, stream, report, look: null, hasBegunLoad: false });
  }
  return walks;
}
