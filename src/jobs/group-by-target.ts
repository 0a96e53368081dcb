import type { Target } from '../loader/load.js';

export interface TargetGroup {
  target: Target;
  pipelines: string[];
}

/** Adds a pipeline to those that load into the same database, whatever their schemas. */
export function addToGroup(groups: Map<string, TargetGroup>, pipeline: string, target: Target): void {
  const { schema: _schema, ...database } = target;
  const key = JSON.stringify(database);
  const group = groups.get(key);
  if (group) group.pipelines.push(pipeline);
  else groups.set(key, { target, pipelines: [pipeline] });
}
