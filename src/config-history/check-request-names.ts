import type { Fault } from './fault.js';
import { parseBaseUrl } from './parse-base-url.js';
import type { ApiSourceShape } from './shape/api-source-shape.js';
import { isPlainMap } from './shape/key.js';
import { USUAL_KEY_NAMES, USUAL_PARAMS, USUAL_TOKEN_NAMES } from './usual-names.js';

type Path = (string | number)[];

/** A header, a parameter or a member that a part of the config fills. */
interface Filled {
  /** `header authorization` */
  name: string;
  /** The key of the source that fills it. */
  by: string;
  path: Path;
}

/** Checks that no two parts of a source fill the same header, parameter or member: one would silently win. */
export function checkRequestNames(source: ApiSourceShape, path: Path): Fault[] {
  const seen = new Map<string, Filled>();
  const all = [
    ...filledByAuth(source),
    ...filledByPagination(source),
    ...filledByCursor(source),
    ...given(source),
  ];
  return all.flatMap((filled) => {
    const other = seen.get(filled.name);
    // Whoever lists a parameter in url and in query means both.
    const isSame = other && GIVEN.includes(other.by) && GIVEN.includes(filled.by);
    if (!other) seen.set(filled.name, filled);
    if (!other || isSame) return [];
    const message = `expected the ${filled.name} from one key, got it from ${filled.by} and from ${other.by}`;
    return [{ path: [...path, ...filled.path], message }];
  });
}

const GIVEN = ['url', 'query', 'headers'];

function given(source: ApiSourceShape): Filled[] {
  const url = typeof source.url === 'string' ? parseBaseUrl(source.url) : { problem: '' };
  const inUrl = 'url' in url ? [...url.url.searchParams.keys()] : [];
  const inQuery = isPlainMap(source.query) ? Object.keys(source.query) : [];
  const inHeaders = isPlainMap(source.headers) ? Object.keys(source.headers) : [];
  return [
    ...inUrl.map((name) => ({ name: `parameter ${name}`, by: 'url', path: ['url'] })),
    ...inQuery.map((name) => ({ name: `parameter ${name}`, by: 'query', path: ['query', name] })),
    ...inHeaders.map((name) => ({
      name: `header ${name.toLowerCase()}`,
      by: 'headers',
      path: ['headers', name],
    })),
  ];
}

function filledByAuth({ auth }: ApiSourceShape): Filled[] {
  const values = (auth ?? {}) as Record<string, unknown>;
  const { type, in: place = 'header', name } = values;
  if (typeof type !== 'string' || type === 'none') return [];
  const usual: Record<string, string> = type === 'api_key' ? USUAL_KEY_NAMES : USUAL_TOKEN_NAMES;
  return nameFilled(place, name ?? usual[String(place)], {
    by: 'auth',
    path: typeof name === 'string' ? ['auth', 'name'] : ['auth'],
  });
}

function filledByPagination({ pagination }: ApiSourceShape): Filled[] {
  const values = (pagination ?? {}) as Record<string, unknown>;
  const type = String(values['type']);
  if (type === 'range') {
    return ['range', 'range-unit'].map((name) => ({
      name: `header ${name}`,
      by: 'pagination',
      path: ['pagination'],
    }));
  }
  const usual: Record<string, string> = Object.hasOwn(USUAL_PARAMS, type)
    ? USUAL_PARAMS[type as keyof typeof USUAL_PARAMS]
    : {};
  const isSized = type === 'offset' || values['size'] !== undefined;
  const keys = isSized ? ['param', 'limit_param', 'size_param'] : ['param'];
  return keys.flatMap((key) =>
    nameFilled(values['in'] ?? 'query', values[key] ?? usual[key], {
      by: 'pagination',
      path: values[key] === undefined ? ['pagination'] : ['pagination', key],
    }),
  );
}

function filledByCursor({ cursor }: ApiSourceShape): Filled[] {
  const values = (cursor ?? {}) as Record<string, unknown>;
  return ['param', 'end_param'].flatMap((key) =>
    nameFilled(values['in'] ?? 'query', values[key], { by: 'cursor', path: ['cursor', key] }),
  );
}

const KINDS: Record<string, string> = { header: 'header', query: 'parameter', body: 'member' };

/** Cookies stand beside others in one header. */
function nameFilled(place: unknown, name: unknown, filled: Omit<Filled, 'name'>): Filled[] {
  const kind = KINDS[String(place)];
  if (kind === undefined || typeof name !== 'string') return [];
  return [{ ...filled, name: `${kind} ${kind === 'header' ? name.toLowerCase() : name}` }];
}
