import { ApiRefused } from './api-errors.js';
import type { ApiRequest } from './api-request.js';
import { decodePage, type DecodedPage } from './decode-page.js';
import type { FetchContext } from './fetch-context.js';
import { digestPage } from './page-guard.js';
import type { PagePosition } from './paginator.js';
import { readBody } from './read-body.js';

/** What came of asking for a page. */
export type AskedPage = ReadPage | PageStatus;

export interface ReadPage {
  status: number;
  headers: Readonly<Record<string, string>>;
  /** Where it came from; may hold credentials. */
  url: string;
  decoded: DecodedPage;
  /** See `digestPage`. */
  digest: string;
}

/** There is no page, which the config (`ignored`) or the kind of pagination (`end`) takes for the end of the series. */
export interface PageStatus {
  status: number;
  url: string;
  meaning: 'ignored' | 'end';
}

export function isRead(page: AskedPage): page is ReadPage {
  return 'decoded' in page;
}

/** Asks for the page at a position and reads it. Throws ApiRefused and ApiUnavailable. */
export async function askPage(
  { request: { source }, session, paginator }: FetchContext,
  base: ApiRequest,
  { position, signal }: { position: PagePosition; signal: AbortSignal },
): Promise<AskedPage> {
  const request = paginator.request(base, position);
  let ignored = 0;
  try {
    const answer = await session.send(
      request,
      async (open) => {
        const bytes = await readBody(open, source.maxPageBytes);
        return { status: open.status, headers: open.headers, url: open.url, bytes };
      },
      { signal, onIgnored: (status) => (ignored = status) },
    );
    if (answer === null) return { status: ignored, url: request.url, meaning: 'ignored' };
    const decoded = await decodePage(answer, source, (url) => session.secrets.showUrl(url));
    const { status, headers, url } = answer;
    return { status, headers, url, decoded, digest: digestPage(answer.bytes) };
  } catch (error) {
    const isEnd = error instanceof ApiRefused && paginator.endStatuses?.includes(error.status ?? 0) === true;
    if (isEnd) return { status: error.status ?? 0, url: request.url, meaning: 'end' };
    throw error;
  }
}
