import type { TransformKind } from './transform.js';

const CHANGES_SCHEMA = /^(?:create|alter|drop|comment|grant|revoke|security|import|reassign)\b/i;
const LEADING_COMMENTS = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)+/;

/** SQL that is run as it is. Whether it may be run twice is for its author to see to. */
export const statement: TransformKind = {
  followsRows: true,
  isThere: async () => true,
  apply: async ({ session, place, statements, changes }) => {
    let written: number | null = null;
    for (const sql of statements) {
      if (CHANGES_SCHEMA.test(sql.replace(LEADING_COMMENTS, ''))) {
        await changes.run(place, sql);
        continue;
      }
      const { command, rowCount } = await session.queryOnly(sql);
      if (/^(?:INSERT|UPDATE|DELETE|MERGE)$/.test(command)) written = (written ?? 0) + (rowCount ?? 0);
    }
    return written;
  },
};
