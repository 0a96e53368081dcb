import type { ApiSourceConfig } from '../../../config-history/api-source-config.js';
import { isSecretName } from './secrets.js';

/** Headers whose values are words that messages need. */
const PLAIN_HEADERS =
  /^(accept(-.*)?|cache-control|content-(type|language)|if-.*|origin|prefer|range(-unit)?|referer|user-agent|x-(api|github)-version|.*-version)$/i;
/** Long, of letters and digits, and nothing that words are parted by: as keys are. */
const KEY_LIKE = /^(?=.*\d)(?=.*[A-Za-z])[\w.~+/=-]{20,}$/;
/** In a path a key may have a user before it, as Telegram's have. */
const KEY_LIKE_SEGMENT = /^(?=.*\d)(?=.*[A-Za-z])[\w.~+=:-]{20,}$/;
const SCHEME = /^[A-Za-z][\w-]* +(?=\S)/;

/**
 * What may be secret in a source besides its `auth`: header values but those that are plainly none, and what in its URL, query
 * and body is called like a secret or looks like a key.
 */
export function collectSecrets({ url, headers, query, body }: ApiSourceConfig): string[] {
  const found = Object.entries(headers).filter(([name]) => !PLAIN_HEADERS.test(name));
  return [
    ...found.flatMap(([, value]) => [value, value.replace(SCHEME, '')]),
    ...fromUrl(url),
    ...Object.entries(query).flatMap(([name, value]) => fromValue(name, value)),
    ...fromValue('', body),
  ];
}

function fromUrl(url: string): string[] {
  if (!URL.canParse(url)) return [];
  const { password, pathname, searchParams } = new URL(url);
  const pairs = [...searchParams].flatMap(([name, value]) => fromValue(name, value));
  const segments = pathname.split('/').filter((segment) => KEY_LIKE_SEGMENT.test(segment));
  return [...(password === '' ? [] : [decodeURIComponent(password)]), ...segments, ...pairs];
}

function fromValue(name: string, value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap((each) => fromValue(name, each));
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([inner, each]) => fromValue(inner, each));
  }
  if (typeof value !== 'string' && typeof value !== 'number') return [];
  const text = String(value);
  return isSecretName(name) || KEY_LIKE.test(text) ? [text] : [];
}
