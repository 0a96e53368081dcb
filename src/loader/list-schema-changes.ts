import { decodeCursor, encodeCursor } from './id-cursor.js';
import { SchemaChangeEntity } from './schema-change.entity.js';
import type { Session } from './session.js';

/** Which changes to list. */
export interface SchemaChangesOf {
  pipeline: string;
  /** Only those for this table. */
  table?: string;
  /** `nextCursor` of the page before. */
  cursor?: string;
  limit: number;
}

export interface ListedChange {
  id: string;
  schema: string;
  table: string;
  runId: string;
  configVersion: number;
  statement: string;
  at: Date;
}

export interface ListedChanges {
  items: ListedChange[];
  nextCursor: string | null;
}

/**
 * One page of a pipeline's changes, the newest first.
 *
 * @throws TerminalError `INVALID_CURSOR`
 */
export async function listSchemaChanges(
  session: Session,
  { pipeline, table, cursor, limit }: SchemaChangesOf,
): Promise<ListedChanges> {
  const query = session.manager
    .createQueryBuilder(SchemaChangeEntity, 'c')
    .where('c.pipeline = :pipeline', { pipeline });
  if (table !== undefined) query.andWhere('c.tableName = :table', { table });
  if (cursor !== undefined) query.andWhere('c.id < :before', { before: decodeCursor(cursor) });
  const rows = await query
    .orderBy('c.id', 'DESC')
    .limit(limit + 1)
    .getMany();
  const items = rows.slice(0, limit).map(toListed);
  const last = items.at(-1);
  return { items, nextCursor: last && rows.length > limit ? encodeCursor(last.id) : null };
}

function toListed(change: SchemaChangeEntity): ListedChange {
  const { id, schemaName: schema, tableName: table, runId, configVersion, statement, at } = change;
  return { id, schema, table, runId, configVersion, statement, at };
}
