import type { ApiSourceConfig } from '../src/config-history/api-source-config.js';

/** A source as the config gives it, with every default but deadlines that end a test that hangs. */
export function apiSource(changes: Partial<ApiSourceConfig> = {}): ApiSourceConfig {
  return {
    type: 'api',
    url: 'http://127.0.0.1/records',
    method: 'GET',
    headers: {},
    query: {},
    body: null,
    auth: { type: 'none' },
    pagination: { type: 'single' },
    rate: null,
    onStatus: {},
    timeouts: { connectSeconds: 60, headersSeconds: 60, idleSeconds: 60, totalSeconds: 60 },
    cursor: null,
    forEach: null,
    format: 'auto',
    csv: { delimiter: ',', quote: '"', header: true, columns: null, nulls: [''] },
    records: '$',
    fields: null,
    parallel: 1,
    maxPages: 10_000,
    maxPageBytes: 64_000_000,
    maxBytes: 10_000_000_000,
    origins: [],
    ...changes,
  };
}
