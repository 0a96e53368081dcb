import type { ApiSourceConfig } from '../../../config-history/api-source-config.js';
import { ApiRefused } from '../api-errors.js';
import type { Partition } from './partitions.js';

/**
 * Throws ApiRefused when a record has a column of its own with the name that one of its parent's is to have.
 * @param url where the records came from, without secrets
 */
export function checkInclude(
  records: readonly unknown[],
  { fields }: Pick<ApiSourceConfig, 'fields'>,
  { include, url }: { include: Partition['include']; url: string },
): void {
  for (const [name, { column }] of Object.entries(include)) {
    const isTaken =
      fields?.some((field) => field.name === name) ??
      records.some((record) => typeof record === 'object' && record !== null && Object.hasOwn(record, name));
    if (!isTaken) continue;
    const message = `for_each.include: expected a new name for ${column} of the parent, got ${name}, which the record has too (${url})`;
    throw new ApiRefused('INCLUDE_CLASH', message);
  }
}
