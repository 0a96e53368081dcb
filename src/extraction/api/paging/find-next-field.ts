import { memberOf } from '../json-path.js';
import { memberPath, type Container } from './page-containers.js';
import { LINK_NAMES, LIST_NAMES, TOKEN_NAMES, URL_NAMES } from './page-field-names.js';
import { isRawNumber, rawText } from '../parse-json.js';

/** A member of an answer that leads to the next page. */
export type NextField =
  | { kind: 'url'; path: string }
  /** `parameter`: where its value goes as everybody knows; null: that is the API's own. */
  | { kind: 'token'; path: string; parameter: string | null };

const URL_FORM = /^(?:https?:|[/?]|\.\.?\/)/i;

/** Tokens whose parameter their makers have fixed: Google (AIP-158), AWS, Slack, HubSpot, Airtable. */
const KNOWN_TOKENS: [field: RegExp, parameter: string][] = [
  [/(?:^|\.)nextPageToken$/, 'pageToken'],
  [/(?:^|\.)next_page_token$/, 'page_token'],
  [/(?:^|\.)nextToken$/, 'nextToken'],
  [/(?:^|\.)NextToken$/, 'NextToken'],
  [/(?:^|\.)response_metadata\.next_cursor$/, 'cursor'],
  [/(?:^|\.)paging\.next\.after$/, 'after'],
  [/^\$\.offset$/, 'offset'],
];

/** The first member that holds a URL, nearest to the records first. */
export function findNextUrl(containers: Container[]): NextField | null {
  for (const container of containers) {
    const path = urlIn(container) ?? urlInList(container);
    if (path !== null) return { kind: 'url', path };
  }
  return null;
}

/** The first member that holds what asks for the next page without being a URL; one with a known parameter goes first. */
export function findNextToken(containers: Container[]): NextField | null {
  const tokens = containers.flatMap((container) => {
    const names = TOKEN_NAMES.filter((name) => isToken(name, container));
    return names.map((name): NextField => tokenAt(memberPath(container.path, name)));
  });
  return tokens.find((token) => token.kind === 'token' && token.parameter !== null) ?? tokens[0] ?? null;
}

function urlIn({ path, members }: Container): string | null {
  for (const name of URL_NAMES) {
    const value = memberOf(members, name);
    if (isUrl(value)) return memberPath(path, name);
    const link = LINK_NAMES.find((inner) => isUrl(memberOf(value, inner)));
    if (link !== undefined) return memberPath(memberPath(path, name), link);
  }
  return null;
}

/** `links: [{ rel: 'next', href: … }]` as PayPal and FHIR have it. */
function urlInList({ path, members }: Container): string | null {
  for (const name of LIST_NAMES) {
    const list = memberOf(members, name);
    if (!Array.isArray(list)) continue;
    for (const relation of ['rel', 'relation']) {
      const next: unknown = list.find((link) => memberOf(link, relation) === 'next');
      const link = LINK_NAMES.find((inner) => isUrl(memberOf(next, inner)));
      if (link !== undefined) return `${memberPath(path, name)}[?@.${relation}=='next'].${link}`;
    }
  }
  return null;
}

function isToken(name: string, { path, members }: Container): boolean {
  const value = memberOf(members, name);
  const isPlain = typeof value === 'string' || typeof value === 'number' || isRawNumber(value);
  if (!isPlain || ['', '0'].includes(rawText(value))) return false;
  // Echoes of what was asked for, unless they are tokens: Airtable's `offset`, `after` of HubSpot's `paging.next`.
  if (name === 'after') return path.endsWith('.next');
  if (name === 'offset') return path === '$' && typeof value === 'string' && !/^\d*$/.test(value);
  return true;
}

function tokenAt(path: string): NextField {
  const known = KNOWN_TOKENS.find(([field]) => field.test(path));
  return { kind: 'token', path, parameter: known?.[1] ?? null };
}

function isUrl(value: unknown): boolean {
  return typeof value === 'string' && URL_FORM.test(value);
}
