import { quoteName, quoteTable, type TablePlace } from '../quote-name.js';
import type { WriteRule } from '../write/write-rule.js';
import type { Search } from './rule.js';
import { REMAINING } from './screen-rows.js';

/** Which rows come together in the table, by the way in which they are written. */
export type Contest = Pick<Search, 'contenders' | 'kept' | 'fresh'>;

const ALL: Contest = { contenders: (rows) => rows, kept: () => 'true', fresh: () => 'true' };

/** Of rows with one key one gets into the table, and takes the place of the row that has it there. */
export function contestOf({ mode, key, orderBy }: WriteRule, place: TablePlace): Contest {
  if (mode === 'append' || mode === 'insert') return ALL;
  if (!key) return mode === 'replace' ? { ...ALL, kept: () => 'false' } : ALL;
  const names = key.map((name) => quoteName('column', name)).join(', ');
  const order = orderBy === undefined ? '' : `${quoteName('column', orderBy)} DESC NULLS LAST, `;
  const same = (one: string, other: string) =>
    key
      .map((name) => `${one}.${quoteName('column', name)} = ${other}.${quoteName('column', name)}`)
      .join(' AND ');
  return {
    contenders: (rows) =>
      `(SELECT DISTINCT ON (${names}) * FROM ${rows} AS every ORDER BY ${names}, ${order}"#row" DESC)`,
    kept: (alias) =>
      mode === 'replace' ? 'false' : `NOT EXISTS (SELECT FROM ${REMAINING} AS n WHERE ${same('n', alias)})`,
    fresh: (alias) => `NOT EXISTS (SELECT FROM ${quoteTable(place)} AS t WHERE ${same('t', alias)})`,
  };
}
