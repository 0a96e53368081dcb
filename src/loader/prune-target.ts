import type { Pruned, PruneRequest, Transact } from './prune.js';
import { pruneCursors } from './prune-cursors.js';
import { pruneLoads } from './prune-loads.js';
import { pruneRejects } from './prune-rejects.js';

/** Forgets what is old or too much of each pipeline. */
export async function pruneTarget(transact: Transact, request: PruneRequest): Promise<Pruned> {
  const pruned = { loads: 0, loadFiles: 0, rejects: 0, cursors: 0 };
  for (const pipeline of request.pipelines) {
    const { loads, loadFiles } = await pruneLoads(transact, pipeline, request);
    pruned.loads += loads;
    pruned.loadFiles += loadFiles;
    pruned.rejects += await pruneRejects(transact, pipeline, request);
  }
  for (const one of request.cursors) pruned.cursors += await pruneCursors(transact, one, request);
  return pruned;
}
