import type { PipelineConfig } from '../../config-history/pipeline-config.js';
import { apiSources } from '../stream-sources.js';

/** What a plan cannot promise, in sentences. */
export function warningsOf({ streams }: PipelineConfig): string[] {
  const asked = streams.filter((stream) => apiSources(stream).length > 0).map(({ table }) => table);
  if (asked.length === 0) return [];
  return [
    `${asked.join(', ')}: what APIs give is as of the plan; whether they give something else since, only a run finds out`,
  ];
}
