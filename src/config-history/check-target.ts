import type { Fault } from './fault.js';
import type { PipelineShape } from './shape/pipeline-shape.js';
import { TARGET_OF_SERVER, TargetShape } from './shape/target-shape.js';

/**
 * Checks that a target says which server it means. Without a host it is the service's own, whose user and password
 * no config may mix with parts of another connection.
 */
export function checkTarget({ target }: PipelineShape): Fault[] {
  if (!(target instanceof TargetShape) || target.host !== undefined) return [];
  return TARGET_OF_SERVER.filter((key) => target[key] !== undefined).map((key) => ({
    path: ['target', key],
    message: `expected host beside ${key}, got nothing; without host only schema may be given, for the service's own database`,
    at: 'key' as const,
  }));
}
