import type { ApiSourceConfig } from '../../../config-history/api-source-config.js';
import type { ApiRequest } from '../api-request.js';
import type { ClientRequest } from '../http/client-request.js';

const JSON_FIRST = 'application/json, */*;q=0.5';

/**
 * A request as it goes out: its body as JSON, and what kinds of answer are welcome where it does not say so itself.
 * @param unsigned the same request before it was signed
 */
export function encodeRequest(
  signed: ApiRequest,
  unsigned: ApiRequest,
  { format }: Pick<ApiSourceConfig, 'format'>,
): Pick<ClientRequest, 'method' | 'url' | 'headers' | 'body' | 'credentialParams'> {
  const { method, url, body } = signed;
  const accept = format === 'csv' || format === 'xml' ? '*/*' : JSON_FIRST;
  const headers: Record<string, string> = { accept, ...signed.headers };
  const credentialParams = addedParams(url, unsigned.url);
  if (body === undefined || body === null) return { method, url, headers, credentialParams };
  headers['content-type'] ??= 'application/json';
  return { method, url, headers, body: JSON.stringify(body), credentialParams };
}

function addedParams(url: string, before: string): string[] {
  if (url === before || !URL.canParse(url) || !URL.canParse(before)) return [];
  const known = new URL(before).searchParams;
  return [...new URL(url).searchParams]
    .filter(([name, value]) => !known.has(name, value))
    .map(([name]) => name);
}
