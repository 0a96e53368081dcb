import type { ApiPagination } from '../src/config-history/api-source-config.js';
import type { ApiRequest } from '../src/extraction/api/api-request.js';
import { createPaginator } from '../src/extraction/api/paging/paginators.js';
import type { PagePosition, PageRemark } from '../src/extraction/api/paging/paginator.js';
import type { PagingBase } from '../src/extraction/api/paging/paging-base.js';
import { HOME, seePage, type Answer } from './walk-pages.js';

/** A page of a series, and how its source is configured. */
export interface Step {
  pagination: ApiPagination;
  /** Body as a value, or as JSON text where digits matter. */
  body: unknown;
  headers?: Record<string, string>;
  status?: number;
  /** Default: that of the source. */
  url?: string;
  records?: string;
  /** Of the page; default: the first. */
  position?: PagePosition;
  /** Records of the pages before. */
  before?: number;
  /** Total that a page before it told. */
  known?: number;
  source?: Partial<PagingBase>;
  request?: Partial<ApiRequest>;
}

/** Where a page leads to: the next position, the request for it (null: nowhere), and what is said of it. */
export function followPage(step: Step): {
  next: PagePosition | null;
  request: ApiRequest | null;
  remarks: PageRemark[];
} {
  const { pagination, headers, status, records = '$.items', source } = step;
  const base: ApiRequest = { method: 'GET', url: `${HOME}/items`, headers: {}, ...step.request };
  const { method, url } = base;
  const paging: PagingBase = { url, method, origins: [], records, auth: { type: 'none' }, ...source };
  const paginator = createPaginator(pagination, paging);
  const answer: Answer = {
    body: typeof step.body === 'string' ? step.body : JSON.stringify(step.body),
    ...(headers && { headers }),
    ...(status !== undefined && { status }),
  };
  const page = seePage(answer, {
    url: step.url ?? url,
    records,
    before: step.before ?? 0,
    known: step.known ?? null,
  });
  const position = step.position ?? paginator.first();
  const next = paginator.next(page, position);
  const request = next === null ? null : paginator.request(base, next);
  return { next, request, remarks: paginator.remarks?.(page, position) ?? [] };
}
