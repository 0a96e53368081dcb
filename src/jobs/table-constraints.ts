import type { StreamConfig } from '../config-history/pipeline-config.js';
import type { DeclaredConstraints } from '../loader/rules/declared.js';
import { checkRefused } from '../schema/reject-limit.js';
import type { Stage } from '../schema/stage.js';

/** What a stream declares for its table, as the loader takes it. */
export function declaredConstraints({
  unique = [],
  foreignKeys = [],
  checks = [],
}: StreamConfig): DeclaredConstraints {
  return { unique, foreignKeys, checks };
}

/** Whether the database may refuse rows because of what the stream declares. */
export function hasConstraints({ unique, foreignKeys, checks, key }: StreamConfig): boolean {
  return [unique, foreignKeys, checks, key].some((declared) => declared !== undefined);
}

/** How many rejects the contract bears when so many records were read; Infinity: any number. */
export function mostRejects(
  { contract: { invalidRows, maxRejects } }: StreamConfig,
  { files }: Pick<Stage, 'files'>,
): number {
  if (invalidRows === 'fail') return 0;
  if (maxRejects === null) return Infinity;
  if ('count' in maxRejects) return maxRejects.count;
  return Math.floor(maxRejects.share * files.reduce((sum, { read }) => sum + read, 0));
}

/** Throws RejectLimit when the contract does not bear the rejects of a stage after some of its rows were refused. */
export function bearRejects({ table, contract }: StreamConfig) {
  return (refused: number, after: Pick<Stage, 'files' | 'rejectsPath'>) =>
    checkRefused({ table, contract }, refused, after);
}
