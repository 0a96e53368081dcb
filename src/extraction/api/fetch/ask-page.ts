import { ApiRefused } from '../api-errors.js';
import type { ApiAnswer, ApiRequest, OpenAnswer } from '../api-request.js';
import type { FetchContext } from './fetch-context.js';
import type { PagePosition } from '../paging/paginator.js';
import { readBody } from '../http/read-body.js';

/** What came of asking for a page. */
export type AskedPage = ApiAnswer | PageStatus;

/** There is no page, which the config (`ignored`) or the kind of pagination (`end`) takes for the end of the series. */
export interface PageStatus {
  status: number;
  url: string;
  meaning: 'ignored' | 'end';
  /** Of an `end`. */
  headers: Readonly<Record<string, string>>;
}

export function isAnswer(page: AskedPage): page is ApiAnswer {
  return 'bytes' in page;
}

/** Asks for the page at a position. Throws ApiRefused and ApiUnavailable. */
export async function askPage(
  { request: { source }, session, paginator }: FetchContext,
  base: ApiRequest,
  { position, signal }: { position: PagePosition; signal: AbortSignal },
): Promise<AskedPage> {
  const request = paginator.request(base, position);
  const { url } = request;
  let ignored = 0;
  const read = async (answer: OpenAnswer): Promise<ApiAnswer> => {
    const bytes = await readBody(answer, source.maxPageBytes);
    return { status: answer.status, headers: answer.headers, url: answer.url, bytes };
  };
  try {
    const answer = await session.send(request, read, { signal, onIgnored: (status) => (ignored = status) });
    return answer ?? { status: ignored, url, meaning: 'ignored', headers: {} };
  } catch (error) {
    if (!(error instanceof ApiRefused) || !paginator.isPastEnd?.(error.status ?? 0, position)) throw error;
    const { status, contentRange } = error;
    const headers: PageStatus['headers'] = contentRange === null ? {} : { 'content-range': contentRange };
    return { status: status ?? 0, url, meaning: 'end', headers };
  }
}
