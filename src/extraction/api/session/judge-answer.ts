import type { StatusAction } from '../../../config-history/api-source-config.js';

/** `renew`: prove anew who asks, then ask again. */
export type Verdict = 'ok' | 'renew' | StatusAction;

/** These say nothing about the request itself: not ready yet, too slow, too early, too much. */
const PASSING = new Set([202, 408, 425, 429]);

/**
 * What to do at a status. The config's word for the exact status goes first; a class `4xx` does not speak for 401, or
 * a token that ran out would pass for an end of the data, nor for the statuses that pass by themselves.
 * @param canRenew whether a 401 may be answered by proving anew who asks
 */
export function judgeAnswer(
  status: number,
  onStatus: Readonly<Record<string, StatusAction>>,
  canRenew: boolean,
): Verdict {
  const exact = wordFor(String(status), onStatus);
  if (exact) return exact;
  if (status === 401) return canRenew ? 'renew' : 'fail';
  if (PASSING.has(status)) return 'retry';
  const kind = Math.floor(status / 100);
  return wordFor(`${kind}xx`, onStatus) ?? (kind === 2 ? 'ok' : kind === 5 ? 'retry' : 'fail');
}

function wordFor(key: string, onStatus: Readonly<Record<string, StatusAction>>): StatusAction | undefined {
  return Object.hasOwn(onStatus, key) ? onStatus[key] : undefined;
}
