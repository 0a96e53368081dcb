import type { TransformConfig } from '../config-history/pipeline-config.js';
import { orderStreams } from './order-streams.js';
import type { RunPart } from './part-failures.js';
import type { TransformReport } from './run-report.js';

/** A transform of a run at work. */
export interface TransformWalk {
  config: TransformConfig;
  report: TransformReport;
  failure?: unknown;
}

/** The transforms in the order of the config, each where earlier attempts have brought it. */
export function openTransforms(
  configs: readonly TransformConfig[],
  reached: readonly TransformReport[],
): TransformWalk[] {
  return configs.map((config, index) => ({ config, report: reached[index] ?? newReport(config) }));
}

function newReport({ name, as }: TransformConfig): TransformReport {
  return { name, as, state: 'waiting', rows: null, durationMs: null, error: null };
}

/** Each after those that it needs, and otherwise as they stand. */
export function transformsInOrder(walks: readonly TransformWalk[]): TransformWalk[] {
  const ordered = walks.map(({ config: { name, needs } }) => ({ table: name, needs }));
  return orderStreams(ordered).map((index) => walks[index]!);
}

/** What keeps a transform from being run: the first of what it needs that failed or was skipped. */
export function findLost({ config }: TransformWalk, parts: readonly RunPart[]): RunPart | undefined {
  return parts.find(({ name, report }) => config.needs.includes(name) && report.error);
}

export function transformPart({ report, failure }: TransformWalk): RunPart {
  return { name: report.name, report, failure };
}

/** Nothing more is done about it in this run. */
export function isTransformOver({ state }: TransformReport): boolean {
  return state !== 'waiting' && state !== 'running';
}
