import { ApiRefused } from '../api-errors.js';
import type { ClientRequest } from './client-request.js';
import { originAndPath } from '../show-url.js';

/** Headers that prove nothing and tell nothing, so that any allowed origin may get them. */
const PLAIN_HEADERS = new Set(['accept', 'accept-encoding', 'accept-language', 'user-agent']);
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** A request with what may leave its home taken off when its URL is elsewhere. */
export function keepHome(request: ClientRequest): ClientRequest {
  const url = new URL(request.url);
  if (url.origin === request.home) return request;
  const kept = Object.entries(request.headers).filter(
    ([name]) => PLAIN_HEADERS.has(name) && !request.credentialHeaders.includes(name),
  );
  url.search = withoutParams(url.search, request.credentialParams ?? []);
  if (request.body !== undefined) {
    throw refuse(request.url, `expected ${request.home}, because the request has a body`);
  }
  return { ...request, url: url.href, headers: Object.fromEntries(kept) };
}

/**
 * The request that an answer redirects to; null: it redirects nowhere. A POST becomes a GET at 301, 302 and 303.
 *
 * @throws ApiRefused when the target is not of the same origin, of `home` or of `origins`, or gives up TLS
 */
export function nextHop(
  request: ClientRequest,
  status: number,
  location: string | undefined,
): ClientRequest | null {
  if (!REDIRECTS.has(status) || location === undefined) return null;
  const from = new URL(request.url);
  if (!URL.canParse(location, from.href))
    throw refuse(request.url, 'expected a URL to redirect to, got a text that is none');
  const to = new URL(location, from);
  to.hash = '';
  const allowed = [from.origin, request.home, ...request.origins];
  if (!allowed.includes(to.origin) || (from.protocol === 'https:' && to.protocol !== 'https:')) {
    throw refuse(
      request.url,
      `expected a redirect to ${from.origin} or to one of the source's origins, got ${originAndPath(to.href)}`,
    );
  }
  const isKept = status === 307 || status === 308 || request.method === 'GET';
  return keepHome({ ...(isKept ? request : withoutBody(request)), url: to.href });
}

/** The rest stays as it is spelled: it may be signed. */
function withoutParams(search: string, names: readonly string[]): string {
  const nameOf = (pair: string) => [...new URLSearchParams(pair).keys()][0] ?? '';
  const kept = search
    .replace(/^\?/, '')
    .split('&')
    .filter((pair) => !names.includes(nameOf(pair)));
  return kept.join('&');
}

function withoutBody(request: ClientRequest): ClientRequest {
  const headers = Object.entries(request.headers).filter(([name]) => !name.startsWith('content-'));
  return { ...request, method: 'GET', body: undefined, headers: Object.fromEntries(headers) };
}

function refuse(url: string, fault: string): ApiRefused {
  return new ApiRefused('API_REDIRECT_REFUSED', `${originAndPath(url)}: ${fault}`);
}
