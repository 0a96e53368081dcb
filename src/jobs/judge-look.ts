import { FILE_CHANGES, type MonitorSight } from './monitor-sight.js';
import type { Run } from './run.entity.js';

/** What a look found out. */
export interface LookFindings {
  /** The newest run of the pipeline, which is over. */
  newest: Pick<Run, 'id' | 'state' | 'signature' | 'configVersion'> | null;
  configVersion: number;
  /** Digest of what a run would load now. */
  signature: string | null;
  /** The same at an earlier look; null when there was none. */
  before: string | null;
  sight: Pick<MonitorSight, 'changes' | 'unsettled'>;
  /** How many files that a run had before a run would go without now, though a later look may have them. */
  missing: number;
  /** Changes have waited for such files long enough. */
  isOverdue: boolean;
}

/** Whether to add a run, and why (not), in words. `waits`: there is something to load, and it waits for other files. */
export interface LookVerdict {
  outcome: 'run' | 'rest' | 'waits';
  says: string;
}

/** Decides what a look leads to: a run is added for what would change the tables or the combined CSV, and for nothing else. */
export function judgeLook(findings: LookFindings): LookVerdict {
  const { newest, configVersion, signature, before, sight } = findings;
  const isSameConfig = newest?.configVersion === configVersion;
  if (newest && newest.signature === signature) {
    if (newest.state === 'succeeded') return rest(nothingToLoad(findings));
    // What made it fail may stand outside the files, such as a wrong target.
    if (isSameConfig) return rest(`unchanged: run ${newest.id} ${ending(newest)} on the same files`);
  }
  // Whoever cancelled it before it had looked does not want it back for the files that were there.
  const isKnown = before === null || before === signature;
  if (newest?.state === 'cancelled' && newest.signature === null && isSameConfig && isKnown)
    return rest(`unchanged: run ${newest.id} was cancelled`);
  const changes = countChanges(sight);
  if (findings.missing > 0 && isSameConfig && newest.signature !== null && changes === '')
    return rest(awaiting(findings));
  if (findings.missing > 0 && !findings.isOverdue)
    return { outcome: 'waits', says: `${changes || 'changed'}; ${awaiting(findings)}` };
  return { outcome: 'run', says: changes === '' ? 'changed' : `changed (${changes})` };
}

function rest(says: string): LookVerdict {
  return { outcome: 'rest', says };
}

function ending({ state }: { state: string }): string {
  return state === 'cancelled' ? 'was cancelled' : state;
}

function nothingToLoad(findings: LookFindings): string {
  const changes = countChanges(findings.sight);
  const says = changes === '' ? [] : [`${changes}: nothing to load`];
  if (findings.sight.unsettled > 0) says.push(awaiting(findings));
  return says.join('; ') || 'unchanged';
}

function awaiting({ sight: { unsettled }, missing }: LookFindings): string {
  if (unsettled > 0) return `waiting: ${count(unsettled)} may still be being written`;
  return `waiting: ${count(missing)} that a run had before cannot be read now`;
}

function count(files: number): string {
  return files === 1 ? '1 file' : `${files} files`;
}

/** Such as `new 3, appended 1`; empty when there is none. */
function countChanges({ changes }: Pick<MonitorSight, 'changes'>): string {
  return FILE_CHANGES.filter((change) => changes[change])
    .map((change) => `${change} ${changes[change]}`)
    .join(', ');
}
