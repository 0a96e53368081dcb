import { createHash } from 'node:crypto';
import type { StreamConfig } from '../../config-history/pipeline-config.js';
import type { ErrorDetail } from '../../errors.js';
import type { Target } from '../../loader/load.js';
import type { TableState } from '../../loader/table-state.js';
import { cursorKey } from '../cursor-key.js';
import { apiSources } from '../stream-sources.js';

/** The state of the world that a plan was made for; a run that finds another one does something else. */
export interface PlanBasis {
  /** SHA-256 of the config's text. */
  checksum: string;
  /** The newest version of the pipeline's config; null: none was stored. */
  newestVersion: number | null;
  /** Digest of the database and the schema that the variables lead to. */
  target: string;
  streams: StreamBasis[];
}

export interface StreamBasis {
  table: string;
  /** Digest of what the files hold and how they are read; null: they could not be looked at. */
  look: string | null;
  /** Digest of what its APIs are asked for; what they answer nobody knows without asking. */
  asks: string;
  state: TableState;
}

/** The database without who logs in to it. */
export function targetDigest({ host, port, database, schema }: Target): string {
  return digest([host, port, database, schema]);
}

export function asksDigest(stream: Pick<StreamConfig, 'sources'>): string {
  return digest(apiSources(stream).map(({ source }) => cursorKey(source)));
}

const TABLE_PARTS: [part: keyof Omit<TableState, 'table'>, says: string][] = [
  ['definition', 'expected the columns, constraints, indexes and triggers that the table had'],
  ['storage', 'expected the rows that the table had, it was emptied or written anew'],
  ['loads', 'expected no load since, there was one or the table was reset'],
  ['cursors', 'expected the APIs to be read as far as they were'],
];

/** What became another since, a sentence for each; none: a run does what the plan says. */
export function findStale(then: PlanBasis, now: PlanBasis): ErrorDetail[] {
  const details: ErrorDetail[] = [];
  const hold = (isSame: boolean, path: string, says: string) => {
    if (!isSame) details.push({ path, message: `${path}: ${says}` });
  };
  hold(then.checksum === now.checksum, 'config', 'expected the text that was planned, got another one');
  hold(
    then.target === now.target,
    'target',
    'expected the database that was planned, variables lead to another',
  );
  const byTable = new Map(now.streams.map((stream) => [stream.table, stream]));
  for (const before of then.streams) {
    const { table } = before;
    const after = byTable.get(table);
    hold(
      before.look === (after?.look ?? null),
      `${table}.files`,
      'expected the files that were planned, they changed',
    );
    hold(
      before.asks === after?.asks,
      `${table}.sources`,
      'expected the APIs that were planned, variables changed',
    );
    for (const [part, says] of TABLE_PARTS)
      hold(before.state[part] === after?.state[part], `${table}.${part}`, says);
  }
  return details;
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
