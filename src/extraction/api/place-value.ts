import type { RequestPlace } from '../../config-history/api-source-config.js';
import { ApiRefused } from './api-errors.js';
import type { ApiRequest } from './api-request.js';
import { isRawNumber, rawText } from './parse-json.js';

/** Left as they are in a query, for some servers look for `$skip` or `gt.2026-01-01T00:00:00` as it is written. */
const READABLE = /%(?:24|2C|2F|3A|40)/g;
/** What Node sends in a header (RFC 9110, 5.5). */
const UNSENDABLE = /[^\t\u0020-\u007e\u0080-\u00ff]/;
/** RFC 6265, 4.1.1: what may not stand in a cookie's value. */
const NO_COOKIE_OCTET = /[^\u0021\u0023-\u002b\u002d-\u003a\u003c-\u005b\u005d-\u007e]+/gu;

/**
 * A copy of the request with a value at a place, in the stead of one of that name; the request itself stays as it is.
 * In a body the value keeps its JSON type, elsewhere it is put as text. Throws ApiRefused `VALUE_UNSENDABLE` where it
 * cannot be put there; the message does not hold the value.
 */
export function placeValue(request: ApiRequest, place: RequestPlace, value: unknown): ApiRequest {
  const { in: where, name } = place;
  if (where === 'body') return { ...request, body: withMember(request.body, name.split('.'), value, name) };
  const text = rawText(value);
  if (where === 'query') return { ...request, url: withParameter(request.url, name, text) };
  const { headers } = request;
  if (where === 'header') return { ...request, headers: withHeader(headers, name, text) };
  const cookie = withCookie(headers.cookie ?? '', name, text);
  return { ...request, headers: withHeader(headers, 'cookie', cookie) };
}

/** The URL without the query parameters of these names; the others keep their order and their spelling. */
export function withoutParameters(url: string, names: readonly string[]): string {
  const { address, parameters, fragment } = splitUrl(url);
  const kept = parameters.filter((parameter) => !names.includes(decodedName(parameter)));
  return joinUrl(address, kept, fragment);
}

function withParameter(url: string, name: string, value: string): string {
  const { address, parameters, fragment } = splitUrl(url);
  const at = parameters.findIndex((parameter) => decodedName(parameter) === name);
  const spelling = at < 0 ? encodeParameter(name) : (parameters[at]?.split('=', 1)[0] ?? name);
  const placed = `${spelling}=${encodeParameter(value)}`;
  const kept = parameters.flatMap((parameter, index) => {
    if (index === at) return [placed];
    return decodedName(parameter) === name ? [] : [parameter];
  });
  return joinUrl(address, at < 0 ? [...kept, placed] : kept, fragment);
}

function splitUrl(url: string): { address: string; parameters: string[]; fragment: string } {
  const [, address = '', query = '', fragment = ''] = /^([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(url) ?? [];
  return { address, parameters: query.slice(1).split('&').filter(Boolean), fragment };
}

function joinUrl(address: string, parameters: string[], fragment: string): string {
  return `${address}${parameters.length > 0 ? '?' : ''}${parameters.join('&')}${fragment}`;
}

function decodedName(parameter: string): string {
  const name = parameter.split('=', 1)[0]?.replaceAll('+', ' ') ?? '';
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** A name or a value as it stands in a query. */
export function encodeParameter(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(READABLE, decodeURIComponent);
}

function withHeader(headers: Record<string, string>, name: string, value: string): Record<string, string> {
  if (UNSENDABLE.test(value)) {
    throw unsendable(`header ${name}`, 'characters that a header may hold', 'others');
  }
  return { ...headers, [name.toLowerCase()]: value };
}

function withCookie(cookies: string, name: string, value: string): string {
  const others = cookies.split(/;\s*/).filter((cookie) => cookie !== '' && cookie.split('=', 1)[0] !== name);
  const octets = value.toWellFormed().replace(NO_COOKIE_OCTET, encodeURIComponent);
  return [...others, `${name}=${octets}`].join('; ');
}

function withMember(body: unknown, path: string[], value: unknown, name: string): unknown {
  const [member, ...rest] = path;
  if (member === undefined) return value;
  const object = body ?? {};
  if (typeof object !== 'object' || Array.isArray(object) || isRawNumber(object)) {
    throw unsendable(`body member ${name}`, 'an object to put it in', kindOf(object));
  }
  const inner = Object.hasOwn(object, member) ? (object as Record<string, unknown>)[member] : undefined;
  return { ...object, [member]: withMember(inner, rest, value, name) };
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'string' ? 'a text' : `a ${isRawNumber(value) ? 'number' : typeof value}`;
}

function unsendable(where: string, expected: string, got: string): ApiRefused {
  return new ApiRefused('VALUE_UNSENDABLE', `${where}: expected ${expected}, got ${got}`);
}
