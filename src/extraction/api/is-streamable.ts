import type { ApiSourceConfig } from '../../config-history/api-source-config.js';

const SIMPLE = /^\$?(?:\.?[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*)?$/;

/**
 * Whether a source is one answer whose records need no look at the whole: it goes to disk as it comes and may have
 * `maxBytes`, where a page has to be held in memory and may have `maxPageBytes`.
 */
export function isStreamable(
  source: Pick<ApiSourceConfig, 'pagination' | 'cursor' | 'forEach' | 'fields' | 'records'>,
): boolean {
  const { pagination, cursor, forEach, fields, records } = source;
  return (
    pagination.type === 'single' &&
    cursor === null &&
    forEach === null &&
    fields === null &&
    SIMPLE.test(records)
  );
}

/** How long a body from a source may be, without its compression. */
export function mostBodyBytes(
  source: Pick<ApiSourceConfig, 'maxBytes' | 'maxPageBytes'> & Parameters<typeof isStreamable>[0],
): number {
  return isStreamable(source) ? source.maxBytes : source.maxPageBytes;
}
