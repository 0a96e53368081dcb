import type { ApiCursor, ApiForEach, ApiSourceConfig, ApiTimeouts } from './api-source-config.js';
import { buildAuth } from './build-auth.js';
import { buildHeaders } from './build-headers.js';
import { buildCsv } from './build-local-source.js';
import { buildPagination, placeOf } from './build-pagination.js';
import { parseBaseUrl } from './parse-base-url.js';
import type { ApiCursorShape, ForEachShape } from './shape/api-series-shape.js';
import type { ApiSourceShape, TimeoutsShape } from './shape/api-source-shape.js';
import { parsePeriod, parseRate, parseSize } from './shape/quantities.js';
import { hasVariable } from './variables.js';

/** Fills in every default of an API source. The shape must have been checked without a fault. */
export function buildApiSource(source: ApiSourceShape): ApiSourceConfig {
  return {
    type: source.type,
    ...buildRequest(source),
    auth: buildAuth(source.auth),
    pagination: buildPagination(source.pagination),
    rate: parseRate(source.rate),
    onStatus: source.on_status ?? {},
    timeouts: buildTimeouts(source.timeouts ?? {}),
    cursor: source.cursor ? buildCursor(source.cursor) : null,
    forEach: source.for_each ? buildForEach(source.for_each) : null,
    ...buildReading(source),
    parallel: source.parallel ?? (source.for_each ? 4 : 1),
    maxPages: source.max_pages ?? 10_000,
    maxPageBytes: parseSize(source.max_page_bytes ?? '64MB')!,
    maxBytes: parseSize(source.max_bytes ?? '10GB')!,
    origins: (source.allow_origins ?? []).map(buildOrigin),
  };
}

type RequestPart = Pick<ApiSourceConfig, 'url' | 'method' | 'headers' | 'query' | 'body'>;

function buildRequest(source: ApiSourceShape): RequestPart {
  const query = Object.entries(source.query ?? {}).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.map(String) : String(value),
  ]);
  return {
    url: source.url,
    method: source.method ?? 'GET',
    headers: buildHeaders(source.headers),
    query: Object.fromEntries(query) as ApiSourceConfig['query'],
    body: source.body ?? null,
  };
}

type ReadingPart = Pick<ApiSourceConfig, 'format' | 'csv' | 'records' | 'fields'>;

function buildReading(source: ApiSourceShape): ReadingPart {
  return {
    format: (source.format ?? 'auto') as ApiSourceConfig['format'],
    csv: buildCsv(source.csv ?? {}),
    records: source.records ?? '$',
    fields: source.fields ? Object.entries(source.fields).map(([name, path]) => ({ name, path })) : null,
  };
}

function buildTimeouts(timeouts: TimeoutsShape): ApiTimeouts {
  return {
    connectSeconds: parsePeriod(timeouts.connect ?? '10s')!,
    headersSeconds: parsePeriod(timeouts.headers ?? '30s')!,
    idleSeconds: parsePeriod(timeouts.idle ?? '30s')!,
    totalSeconds: parsePeriod(timeouts.total ?? '10m')!,
  };
}

function buildCursor(cursor: ApiCursorShape): ApiCursor {
  return {
    field: cursor.field,
    place: cursor.param === undefined ? null : placeOf(cursor, cursor.param),
    endPlace: cursor.end_param === undefined ? null : placeOf(cursor, cursor.end_param),
    start: cursor.start === undefined ? null : String(cursor.start),
    lookback: typeof cursor.lookback === 'string' ? parsePeriod(cursor.lookback)! : (cursor.lookback ?? 0),
    format: cursor.format ?? 'auto',
    stepSeconds: parsePeriod(cursor.step),
  };
}

function buildForEach({ stream, field, include = [] }: ForEachShape): ApiForEach {
  return {
    stream,
    columns: Array.isArray(field) ? field : [field],
    include: Array.isArray(include) ? Object.fromEntries(include.map((name) => [name, name])) : include,
  };
}

/** As URL.origin writes it, where it is known already. */
function buildOrigin(text: string): string {
  const parsed = hasVariable(text) ? { problem: '' } : parseBaseUrl(text);
  return 'url' in parsed ? parsed.url.origin : text;
}
