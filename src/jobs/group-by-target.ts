import type { Target } from '../loader/load.js';
import type { LiveCursor } from '../loader/prune.js';

export interface TargetGroup {
  target: Target;
  pipelines: string[];
  /** Of the pipelines whose sources are known. */
  cursors: { pipeline: string; live: LiveCursor[] }[];
}

/** Adds a pipeline to those that load into the same database, whatever their schemas. */
export function addToGroup(groups: Map<string, TargetGroup>, pipeline: string, target: Target): TargetGroup {
  const { schema: _schema, ...database } = target;
  const key = JSON.stringify(database);
  const group = groups.get(key) ?? { target, pipelines: [], cursors: [] };
  groups.set(key, group);
  group.pipelines.push(pipeline);
  return group;
}
