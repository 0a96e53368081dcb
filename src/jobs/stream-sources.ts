import type { ApiForEach, ApiSourceConfig } from '../config-history/api-source-config.js';
import type { StreamConfig } from '../config-history/pipeline-config.js';

type Sources = Pick<StreamConfig, 'sources'>;

/** An API source, and its number in its stream. */
export interface PlacedApi {
  index: number;
  source: ApiSourceConfig;
}

/** A source that is asked once for each row of another stream. */
export interface PlacedChild extends PlacedApi {
  forEach: ApiForEach;
}

export function apiSources({ sources }: Sources): PlacedApi[] {
  return sources.flatMap((source, index) => (source.type === 'api' ? [{ index, source }] : []));
}

export function childSources(stream: Sources): PlacedChild[] {
  return apiSources(stream).flatMap(({ index, source }) =>
    source.forEach ? [{ index, source, forEach: source.forEach }] : [],
  );
}

/** Tables of the streams whose rows a stream is asked for. */
export function parentsOf(stream: Sources): string[] {
  return [...new Set(childSources(stream).map(({ forEach }) => forEach.stream))];
}

/** Whether there are files to look at. */
export function hasLocalSource(streams: readonly Sources[]): boolean {
  return streams.some(({ sources }) => sources.some(({ type }) => type === 'local'));
}

export function hasApiSource(streams: readonly Sources[]): boolean {
  return streams.some((stream) => apiSources(stream).length > 0);
}
