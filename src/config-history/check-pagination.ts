import { checkHeaderName } from './check-auth.js';
import { needsPost } from './check-request.js';
import type { Fault } from './fault.js';
import type { ApiSourceShape } from './shape/api-source-shape.js';
import { isPlainMap } from './shape/key.js';
import {
  CursorPaginationShape,
  GraphqlPaginationShape,
  KeysetPaginationShape,
  OffsetPaginationShape,
  PagePaginationShape,
} from './shape/pagination-shape.js';

type Path = (string | number)[];

const PLACED = [PagePaginationShape, OffsetPaginationShape, CursorPaginationShape, KeysetPaginationShape];

/** Checks what the keys of `pagination` mean together, and with the request; the path is the source's. */
export function checkPagination(source: ApiSourceShape, path: Path): Fault[] {
  const pagination: unknown = source.pagination;
  const place = [...path, 'pagination'];
  if (pagination instanceof GraphqlPaginationShape) return checkGraphql(source, pagination, path);
  if (!PLACED.some((shape) => pagination instanceof shape)) return [];
  const placed = pagination as Record<string, unknown>;
  const faults = checkPlaces(source, { shape: placed, keys: ['param', 'size_param', 'limit_param'] }, place);
  const needsSize = pagination instanceof OffsetPaginationShape ? [] : ['size_param', 'short_page_ends'];
  const [sized] = needsSize.filter((key) => placed[key] !== undefined && placed[key] !== false);
  if (sized !== undefined && placed['size'] === undefined) {
    const message = `expected size beside ${sized}, got nothing`;
    faults.push({ path: [...place, 'size'], message, at: 'missing' });
  }
  return pagination instanceof CursorPaginationShape ? [...faults, ...checkToken(pagination, place)] : faults;
}

/** Checks that parameters fit the part of the request that `in` names. @param path that of the map that holds `in` */
export function checkPlaces(
  source: ApiSourceShape,
  { shape, keys }: { shape: { in?: unknown }; keys: string[] },
  path: Path,
): Fault[] {
  const values = shape as Record<string, unknown>;
  const named = keys.flatMap((key) => (typeof values[key] === 'string' ? [[key, values[key]] as const] : []));
  if (shape.in === 'header') return named.flatMap(([key, name]) => checkHeaderName(name, [...path, key]));
  if (shape.in !== 'body') return [];
  const faults = checkBody(source, path);
  for (const [key, name] of named) {
    if (/^[^.]+(?:\.[^.]+)*$/.test(name)) continue;
    const message = `expected names of members with a dot between, such as page.offset, got ${JSON.stringify(name)}`;
    faults.push({ path: [...path, key], message });
  }
  return faults;
}

function checkBody(source: ApiSourceShape, path: Path): Fault[] {
  const root = path.slice(0, -1);
  if (source.method === undefined || source.method === 'GET') {
    return [needsPost(source, root, `${String(path.at(-1))}.in: body`)];
  }
  const { body } = source;
  if (body === undefined || body === null || isPlainMap(body)) return [];
  const message = `expected a map, for ${String(path.at(-1))} puts its parameters there, got another value`;
  return [{ path: [...root, 'body'], message }];
}

function checkToken({ cursor, header }: CursorPaginationShape, place: Path): Fault[] {
  if (cursor === undefined && header === undefined) {
    const message = 'expected cursor or header, which tell where the token is, got nothing';
    return [{ path: [...place, 'cursor'], message, at: 'missing' }];
  }
  if (cursor === undefined || header === undefined) return [];
  return [{ path: [...place, 'header'], message: 'expected cursor or header, got both', at: 'key' }];
}

function checkGraphql(source: ApiSourceShape, { variable }: GraphqlPaginationShape, path: Path): Fault[] {
  if (source.method === undefined || source.method === 'GET') {
    return [needsPost(source, path, 'pagination graphql')];
  }
  const query = isPlainMap(source.body) ? source.body['query'] : undefined;
  if (typeof query !== 'string') {
    const message = 'expected a map with the text of the GraphQL query as query, got none';
    const place = source.body === undefined ? ('missing' as const) : ('value' as const);
    return [{ path: [...path, 'body'], message, at: place }];
  }
  const name = typeof variable === 'string' ? variable : 'after';
  const wanted = [`$${name}`, 'hasNextPage', 'endCursor'];
  const missing = query.includes('${') ? [] : wanted.filter((word) => !query.includes(word));
  return missing.map((word) => ({
    path: [...path, 'body', 'query'],
    message: `expected a query with ${word}, which tells the pages apart, got one without`,
  }));
}
