import type { PipelineConfig } from '../../config-history/pipeline-config.js';
import { apiSources } from '../stream-sources.js';

/** What a plan cannot promise, in sentences. */
export function warningsOf({ streams, transforms = [] }: PipelineConfig): string[] {
  const asked = streams.filter((stream) => apiSources(stream).length > 0).map(({ table }) => table);
  const untried = transforms.map(({ name }) => name);
  return [
    ...sentence(
      asked,
      'what APIs give is as of the plan; whether they give something else since, only a run finds out',
    ),
    ...sentence(untried, 'transforms come after the loads and are not tried'),
  ];
}

const sentence = (names: string[], says: string): string[] =>
  names.length === 0 ? [] : [`${names.join(', ')}: ${says}`];
