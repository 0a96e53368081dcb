import type { ApiSourceConfig } from '../../../config-history/api-source-config.js';
import { TerminalError } from '../../../errors.js';
import type { ApiRequest } from '../api-request.js';
import { fillJson, fillText, type TemplateValues } from './fill-template.js';
import { encodeParameter, placeValue } from '../place-value.js';

/** A parent's value cannot stand where the config puts it. */
export class UnfitParent extends Error {}

/** Such a segment would lead to another path (WHATWG URL: `%2e` is a dot, too). */
const LEAVING = /^(?:\.|%2e){1,2}$/i;
/** What Node sends in a header (RFC 9110, 5.5). */
const UNSENDABLE = /[^\t\u0020-\u007e\u0080-\u00ff]/;

/**
 * The request that all pages of a partition begin with. Parameters and headers that name a cursor's value where there is
 * none are left out. Throws UnfitParent, and TerminalError where the URL's path needs a cursor's value that is not there.
 */
export function buildRequest(source: ApiSourceConfig, values: TemplateValues): ApiRequest {
  const url = fillUrl(source, values);
  const headers = Object.entries(source.headers).flatMap(([name, text]) => {
    const filled = fillText(text, values);
    if (filled !== null && UNSENDABLE.test(filled)) throw new UnfitParent(`unfit for the header ${name}`);
    return filled === null ? [] : [[name.toLowerCase(), filled] as const];
  });
  const body = source.body === null ? undefined : fillJson(source.body, values);
  const request = { method: source.method, url, headers: Object.fromEntries(headers), body };
  return placeCursor(request, source, values);
}

function fillUrl(source: ApiSourceConfig, values: TemplateValues): string {
  const [, address = '', search = ''] = /^([^?#]*)(?:\?([^#]*))?/s.exec(source.url) ?? [];
  const path = address
    .split('/')
    .map((segment) => fillSegment(segment, values))
    .join('/');
  const pairs = search.split('&').map((pair) => fillText(pair, values, encodeParameter));
  const added = Object.entries(source.query).flatMap(([name, texts]) =>
    [texts].flat().map((text) => {
      const filled = fillText(text, values);
      return filled === null ? null : `${encodeParameter(name)}=${encodeParameter(filled)}`;
    }),
  );
  const query = [...pairs, ...added].filter((pair) => pair !== null && pair !== '').join('&');
  // A placeholder in the host would lead to wherever a parent's value says.
  const origin = URL.parse(address.replace(/\{[^{}]*\}/g, 'x'))?.origin;
  if (origin === undefined || URL.parse(path)?.origin !== origin) throw new UnfitParent('unfit for the URL');
  return query === '' ? path : `${path}?${query}`;
}

function fillSegment(segment: string, values: TemplateValues): string {
  const filled = fillText(segment, values, encodeSegment);
  if (filled === null) throw missing('url');
  if (filled !== segment && LEAVING.test(filled)) throw new UnfitParent(`"${filled}" in the path`);
  return filled;
}

function encodeSegment(value: string): string {
  // An empty segment asks for something else, often for all of them.
  if (value === '') throw new UnfitParent('empty in the path');
  return encodeURIComponent(value.toWellFormed());
}

function placeCursor(request: ApiRequest, { cursor }: ApiSourceConfig, values: TemplateValues): ApiRequest {
  const { start = null, end = null } = values.cursor ?? {};
  const hasStart = cursor !== null && cursor.place !== null && start !== null;
  const started = hasStart && cursor.place ? placeValue(request, cursor.place, start) : request;
  const hasEnd = cursor !== null && cursor.endPlace !== null && end !== null;
  return hasEnd && cursor.endPlace ? placeValue(started, cursor.endPlace, end) : started;
}

function missing(place: string): TerminalError {
  const expected = 'cursor.start or a stored value for the placeholder of the cursor';
  return new TerminalError('CURSOR_UNUSABLE', `${place}: expected ${expected}, got neither`);
}
