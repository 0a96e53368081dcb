import { describe, expect, it } from '@jest/globals';
import type { ApiSourceConfig } from '../config-history/api-source-config.js';
import type { StreamConfig } from '../config-history/pipeline-config.js';
import { childSources, hasApiSource, hasLocalSource, parentsOf } from './stream-sources.js';

const source = {
  type: 'api',
  url: 'https://api.example.com/orders',
  method: 'GET',
  headers: { accept: 'application/json' },
  query: { kind: 'a' },
  body: null,
  auth: { type: 'bearer', token: 'one' },
  cursor: { field: 'at', place: { in: 'query', name: 'since' }, start: '1', lookback: 0, format: 'auto' },
  forEach: null,
} as unknown as ApiSourceConfig;

describe('the sources of streams', () => {
  const child = (stream: string) => ({ ...source, forEach: { stream, columns: ['id'], include: {} } });
  const streamOf = (...sources: object[]) => ({ sources }) as unknown as StreamConfig;
  const local = { type: 'local', path: 'inbox' };

  it('are told apart', () => {
    expect([hasLocalSource([streamOf(source)]), hasApiSource([streamOf(source)])]).toEqual([false, true]);
    const mixed = [streamOf(source), streamOf(local)];
    expect([hasLocalSource(mixed), hasApiSource(mixed)]).toEqual([true, true]);
    expect([hasLocalSource([]), hasApiSource([streamOf(local)])]).toEqual([false, false]);
  });

  it('name each parent once, and keep their numbers', () => {
    const stream = streamOf(local, child('a'), source, child('b'), child('a'));
    expect(parentsOf(stream)).toEqual(['a', 'b']);
    expect(childSources(stream).map(({ index }) => index)).toEqual([1, 3, 4]);
  });
});
