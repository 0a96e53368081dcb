import type { StatusAction } from '../../config-history/api-source-config.js';

/** `renew`: prove anew who asks, then ask again. */
export type Verdict = 'ok' | 'renew' | StatusAction;

/** These say nothing about the request itself: too slow, too early, too much. */
const PASSING = new Set([408, 425, 429]);

/**
 * What to do at a status. The config's word for the exact status goes first; its word for the class comes after what the class
 * `4xx` cannot mean: a token that ran out, and the statuses that pass by themselves.
 * @param canRenew whether a 401 may be answered by proving anew who asks
 */
export function judgeAnswer(
  status: number,
  onStatus: Readonly<Record<string, StatusAction>>,
  canRenew: boolean,
): Verdict {
  const exact = wordFor(String(status), onStatus);
  if (exact) return exact;
  if (status === 401 && canRenew) return 'renew';
  if (PASSING.has(status)) return 'retry';
  const kind = Math.floor(status / 100);
  return wordFor(`${kind}xx`, onStatus) ?? (kind === 2 ? 'ok' : kind === 5 ? 'retry' : 'fail');
}

function wordFor(key: string, onStatus: Readonly<Record<string, StatusAction>>): StatusAction | undefined {
  return Object.hasOwn(onStatus, key) ? onStatus[key] : undefined;
}
