import { compileCount } from './count-items.js';
import { listContainers, memberPath, type Container } from './page-containers.js';
import { END_FLAGS, FLAGS, PAGES, PAGES_HEADERS, TOTAL_HEADERS, TOTALS } from './page-field-names.js';
import type { SeenPage } from './paginator.js';
import { rawText } from '../parse-json.js';

/** What in an answer says that there is more than it holds. */
export interface MoreSign {
  /** `$.meta.total is 2500`. */
  text: string;
  /** Kinds of pagination that APIs with such a sign mostly have. */
  kinds: string;
}

/** Whether an answer says in words that everything was given: `has_more: false`. */
export function saysNoMore(containers: Container[]): boolean {
  return containers.some(({ members }) => FLAGS.some((name) => members[name] === false));
}

/**
 * Signs in a page that the series has more than the records so far. Counts and flags of a body that is itself the record
 * mean something else and are not looked at.
 */
export function findMoreSigns(page: SeenPage, records: string): MoreSign[] {
  const isFirst = page.total === page.records;
  const seen = isFirst ? compileCount(records)(page) : page.total;
  const containers = records === '$' ? [] : listContainers(page.body, records);
  return [
    ...signsInHeaders(page, seen, isFirst),
    ...containers.flatMap((container) => [
      ...flags(container),
      ...counts(container, TOTALS, seen),
      ...(isFirst ? counts(container, PAGES, 1) : []),
    ]),
  ];
}

function signsInHeaders({ headers }: SeenPage, seen: number, isFirst: boolean): MoreSign[] {
  const isMore = (name: string, than: number) => (readCount(headers[name]) ?? 0) > than;
  const totals = TOTAL_HEADERS.filter((name) => isMore(name, seen));
  const pages = isFirst ? PAGES_HEADERS.filter((name) => isMore(name, 1)) : [];
  const range = /\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1];
  return [
    ...(Number(range ?? 0) > seen
      ? [{ text: `Content-Range is ${headers['content-range']}`, kinds: 'range' }]
      : []),
    ...[...totals, ...pages].map((name) => ({ text: `${name} is ${headers[name]}`, kinds: 'page, offset' })),
  ];
}

function flags({ path, members }: Container): MoreSign[] {
  const named = [
    ...FLAGS.filter((name) => members[name] === true),
    ...END_FLAGS.filter((name) => members[name] === false),
  ];
  return named.map((name) => ({
    text: `${memberPath(path, name)} is ${members[name] === true}`,
    kinds: name === 'hasNextPage' ? 'graphql, cursor' : 'cursor, keyset, page, offset',
  }));
}

function counts({ path, members }: Container, names: string[], than: number): MoreSign[] {
  const more = names.filter((name) => Object.hasOwn(members, name) && (readCount(members[name]) ?? 0) > than);
  return more.map((name) => ({
    text: `${memberPath(path, name)} is ${rawText(members[name])}`,
    kinds: 'page, offset',
  }));
}

/** `{ value, relation }` is Elasticsearch's total. */
export function readCount(value: unknown): number | null {
  const count = typeof value === 'object' && value !== null && 'value' in value ? value.value : value;
  if (typeof count !== 'string' && typeof count !== 'number') return null;
  return /^\d{1,15}$/.test(String(count)) ? Number(count) : null;
}
