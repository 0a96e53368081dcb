import type { FileDifference } from './compare-files.js';
import type { StreamLook } from './look-at-stream.js';
import type { MonitorSight } from './monitor-sight.js';

/** A stream as a look found it. */
export interface ComparedStream {
  table: string;
  look: StreamLook;
  differences: FileDifference[];
}

const SHOWN = 20;

/** What a look saw, in numbers and examples; `waitingSince` is for the caller to say. */
export function sumUpLook(runId: string | null, streams: readonly ComparedStream[]): MonitorSight {
  const sight: MonitorSight = {
    runId,
    files: 0,
    bytes: 0,
    unsettled: 0,
    skipped: 0,
    changes: {},
    examples: [],
    skippedExamples: [],
    waitingSince: null,
  };
  for (const stream of streams) addStream(sight, stream);
  return sight;
}

function addStream(sight: MonitorSight, { table, look, differences }: ComparedStream): void {
  sight.files += look.files.length;
  for (const { bytes } of look.files) sight.bytes += bytes;
  sight.unsettled += look.unsettled;
  sight.skipped += look.skipped.length - look.unsettled;
  for (const { source, name, change, from } of differences) {
    sight.changes[change] = (sight.changes[change] ?? 0) + 1;
    if (sight.examples.length < SHOWN) sight.examples.push({ table, source, name, change, from });
  }
  for (const { source, name, reason } of look.skipped) {
    if (sight.skippedExamples.length === SHOWN) return;
    sight.skippedExamples.push({ table, source, name, reason });
  }
}
