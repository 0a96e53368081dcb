import { literalOf, quoteName } from '../quote-name.js';
import type { Rule } from '../rules/rule.js';
import type { WriteRule } from './write-rule.js';

/** The keys of the rows that a parent's load has brought: a table of the session while its child tables are loaded. */
export const PARENT_KEYS = 'parent_keys';

type Within = NonNullable<WriteRule['within']>;

/** SQL that holds for rows, by their alias, that belong to one of `PARENT_KEYS`. */
export function isWithin({ columns }: Within, alias: string): string {
  const own = columns.map((name) => `${alias}.${quoteName('column', name)}`).join(', ');
  return `(${own}) IN (SELECT * FROM pg_temp.${PARENT_KEYS})`;
}

/** Elements of a row that was refused are not to take the place of those that its table has. */
export function withinRule(within: Within): Rule {
  const { columns, root } = within;
  const reason = `${columns.join(', ')}: expected a row of ${root} that was loaded, got one that was refused`;
  return {
    name: null,
    columns,
    reason,
    findBroken: ({ rows }) =>
      `SELECT i."#row", i."#file", ${literalOf(reason)} AS reason FROM ${rows} AS i WHERE NOT ${isWithin(within, 'i')}`,
    isIdle: () => false,
  };
}
