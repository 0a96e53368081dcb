import type { LineWindow } from './line-window.js';

/** So many lines, or as many as there are, have to be the same behind a stretch. */
const SAME_LINES = 8;

/** Many lines in one place that only one of two texts has; they end with LF. */
export interface Stretch {
  side: 'gone' | 'added';
  bytes: number;
}

/**
 * Where two texts become the same again that differ for longer than `alignLines` looks ahead, because only one of them
 * has the lines between: what comes next in one, found further on in the other.
 *
 * @param mostAdded bytes of new lines that are looked through
 */
export async function findStretch(
  before: LineWindow,
  now: LineWindow,
  mostAdded: number,
  signal?: AbortSignal,
): Promise<Stretch | null> {
  const gone = await before.find(firstLines(now), { signal });
  if (gone !== -1) return { side: 'gone', bytes: gone };
  const added = await now.find(firstLines(before), { most: mostAdded, signal });
  return added === -1 ? null : { side: 'added', bytes: added };
}

function firstLines(window: LineWindow): Buffer {
  let end = 0;
  for (let lines = 0; lines < SAME_LINES; lines++) {
    const next = window.lineEnd(end);
    if (next === -1) break;
    end = next;
  }
  return window.bytes.subarray(0, end);
}
