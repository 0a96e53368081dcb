import type { RunProgress } from '../run-report.js';
import type { PlannedConfig } from './plan-world.js';

export interface PlanRequest extends PlannedConfig {
  id: string;
  signal: AbortSignal;
  onProgress: (progress: RunProgress) => Promise<void>;
}
