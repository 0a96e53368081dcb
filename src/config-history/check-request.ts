import type { Fault } from './fault.js';
import type { ApiSourceShape } from './shape/api-source-shape.js';
import { isPlainMap } from './shape/key.js';

type Path = (string | number)[];

/** What the connection itself needs, and what says how a body travels. */
const OWN_HEADERS = new Set(
  (
    'host content-length transfer-encoding connection keep-alive proxy-connection upgrade te trailer expect ' +
    'accept-encoding'
  ).split(' '),
);

/** Checks what method, headers and body mean together. */
export function checkRequest(source: ApiSourceShape, path: Path): Fault[] {
  const faults = checkHeaders(source.headers, [...path, 'headers']);
  if (source.body === undefined || source.body === null || source.method === 'POST') return faults;
  if (source.method !== undefined && source.method !== 'GET') return faults;
  return [...faults, needsPost(source, path, 'body')];
}

/** A fault of a request that has to be a POST. @param what stands beside */
export function needsPost(source: { method?: unknown }, path: Path, what: string): Fault {
  const isGiven = source.method !== undefined;
  const message = `expected method: POST beside ${what}, got ${isGiven ? 'GET' : 'nothing, which means GET'}`;
  return { path: [...path, 'method'], message, at: isGiven ? 'value' : 'missing' };
}

/** Checks that headers may be set, each once whatever its case. */
export function checkHeaders(headers: unknown, path: Path): Fault[] {
  if (!isPlainMap(headers)) return [];
  const seen = new Set<string>();
  return Object.keys(headers).flatMap((name) => {
    const key = name.toLowerCase();
    const message = OWN_HEADERS.has(key)
      ? `expected another header than ${name}, which the connection sets itself`
      : seen.has(key)
        ? `expected each header once, got ${name} a second time`
        : null;
    seen.add(key);
    return message === null ? [] : [{ path: [...path, name], message, at: 'key' as const }];
  });
}

export function isOwnHeader(name: string): boolean {
  return OWN_HEADERS.has(name.toLowerCase());
}
