import { digestBytes, PageBudget, PageGuard } from '../src/extraction/api/paging/page-guard.js';
import type { ApiRequest } from '../src/extraction/api/api-request.js';
import { compilePath } from '../src/extraction/api/json-path.js';
import type {
  PagePosition,
  PageRemark,
  Paginator,
  SeenPage,
} from '../src/extraction/api/paging/paginator.js';
import { parseJson } from '../src/extraction/api/parse-json.js';

/** What an API answers, its body as JSON text. */
export interface Answer {
  status?: number;
  headers?: Record<string, string>;
  body: string;
}

export interface Walk {
  requests: ApiRequest[];
  positions: PagePosition[];
  records: unknown[];
  remarks: PageRemark[];
}

export const HOME = 'https://api.example.com';

/** The page that an answer is to a paginator; `before` records came before it. */
export function seePage(
  answer: Answer,
  { url = `${HOME}/items`, records = '$.items', before = 0, known = null as number | null } = {},
): SeenPage {
  const body = parseJson(answer.body);
  const found = compilePath(records)(body).flat();
  return {
    status: answer.status ?? 200,
    headers: answer.headers ?? {},
    url,
    body,
    records: found.length,
    given: found,
    total: before + found.length,
    known,
  };
}

/** Follows the pages of an API to their end, every position once through JSON as a checkpoint would have it. */
export function walkPages(
  paginator: Paginator,
  api: (request: ApiRequest) => Answer,
  { base = { method: 'GET', url: `${HOME}/items`, headers: {} } as ApiRequest, records = '$.items' } = {},
): Walk {
  const guard = new PageGuard(new PageBudget({ maxPages: 500, maxBytes: Infinity }));
  const walk: Walk = { requests: [], positions: [], records: [], remarks: [] };
  let known: number | null = null;
  for (let position: PagePosition | null = paginator.first(); position !== null;) {
    const at = JSON.parse(JSON.stringify(position)) as PagePosition;
    guard.goTo(paginator.mark(at));
    const request = paginator.request(base, at);
    const answer = api(request);
    const page = seePage(answer, { url: request.url, records, before: walk.records.length, known });
    known = paginator.totalOf?.(page) || known;
    const bytes = Buffer.from(answer.body);
    guard.take({
      digest: digestBytes(Buffer.from(JSON.stringify(page.given))),
      records: page.records,
      bytes: bytes.length,
    });
    position = paginator.next(page, at);
    walk.requests.push(request);
    walk.positions.push(at);
    walk.records.push(...compilePath(records)(page.body).flat());
    walk.remarks.push(...(paginator.remarks?.(page, at) ?? []));
  }
  return walk;
}
