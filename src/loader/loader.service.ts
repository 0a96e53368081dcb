import { Injectable } from '@nestjs/common';
import { findChildren, type KnownChild } from './child-tables.js';
import { copyRejects } from './copy-rejects.js';
import { type CursorKey, findCursors } from './cursors.js';
import { describeTable, fillableColumns } from './describe-table.js';
import { findLastLoad } from './ledger.js';
import { findContents } from './load-contents.js';
import { type ListedChanges, listSchemaChanges, type SchemaChangesOf } from './list-schema-changes.js';
import { countRejects, listRejects, type RejectList } from './list-rejects.js';
import { findLoadTogether, loadTogether } from './load-together.js';
import type {
  ExistingColumns,
  LastLoad,
  LoadContents,
  LoadRequest,
  LoadResult,
  Reject,
  RejectFilter,
  RejectPage,
  RejectPageRequest,
  RejectsToRecord,
  Target,
} from './load.js';
import type { ReplayableRejects, ReplayableTable, RejectsOf } from './replay.js';
import { countReplayable, exportReplayable } from './replayable-rejects.js';
import type { Pruned, PruneRequest } from './prune.js';
import { pruneTarget } from './prune-target.js';
import { type Forgotten, type ResetRequest, resetTable } from './reset-table.js';
import { showStores } from './row-hashes.js';
import { columnsOf } from './rules/make-screen.js';
import { readRules } from './rules/table-rules.js';
import { CommitUnknownError, runTransaction } from './run-transaction.js';
import type { Session } from './session.js';
import { describeState, type TableState } from './table-state.js';
import { TargetAccess } from './target-access.js';
import { type LoadToTry, PLAN_LOCK_MS, type TriedLoad, tryLoads } from './try-loads.js';
import { withEarlierTypes } from './widened-columns.js';
import { applyTransform } from './transforms/apply-transform.js';
import type { TransformRequest, TransformResult } from './transforms/transform.js';
import { keyOfOne, type WriteRule } from './write/write-rule.js';

const PAGE_OF_ALL = 200;

/**
 * Moves stages into the target database. All methods throw a TerminalError or a TransientError when the database refuses,
 * and never one that holds a value of a row. Nothing is tried again here, but the question whether a lost COMMIT counted.
 */
@Injectable()
export class LoaderService {
  constructor(private readonly access: TargetAccess) {}

  /**
   * The columns of a table that a stream can fill; null when there is no such table.
   *
   * @throws TerminalError `NOT_A_TABLE`, or `TABLE_MISMATCH` when a column that must be filled cannot be
   */
  async describe(target: Target, table: string): Promise<ExistingColumns> {
    const place = { schema: target.schema, table };
    return this.access.read(target, async (session) => {
      const described = await describeTable(session, place);
      return described && withEarlierTypes(session, fillableColumns(described, place), place);
    });
  }

  /**
   * Whether the table may refuse rows that the stage takes: because of its constraints, triggers and the like.
   *
   * @param existing as `describe` gives them
   * @param declared columns of the stream's schema; the others are as the table has them
   */
  async mayRefuse(
    target: Target,
    table: string,
    {
      existing,
      declared,
      write,
    }: { existing: ExistingColumns; declared: { name: string; required: boolean }[]; write: WriteRule },
  ): Promise<boolean> {
    if (existing === null) return false;
    const place = { schema: target.schema, table };
    const columns = columnsOf({ columns: [...existing, ...declared] });
    const key = keyOfOne(write);
    const rules = await this.access.read(target, (session) =>
      readRules(session, place, { columns, more: [], ...(key && { key }) }),
    );
    return rules !== null;
  }

  /** The pipeline's latest load into the table; null when there is none, or when the table has gone since. */
  async lastLoad(target: Target, pipeline: string, table: string): Promise<LastLoad | null> {
    return this.access.read(target, (session) =>
      findLastLoad(session, pipeline, { schema: target.schema, table }),
    );
  }

  /** What a committed load was made of, so that another one may go on from it. */
  async contents(target: Target, loadId: string): Promise<LoadContents> {
    return this.access.read(target, (session) => findContents(session, loadId));
  }

  /** What a run has committed into a table; null when it has not, and no transaction of it is under way any more. */
  async committed(
    target: Target,
    { runId, table, signal }: { runId: string; table: string; signal?: AbortSignal },
  ): Promise<LoadResult | null> {
    const key = { runId, schema: target.schema, table };
    const found = await this.access.read(target, (session) => findLoadTogether(session, key));
    if (found) return found;
    return this.access.inTurn(target, table, (session) => findLoadTogether(session, key), signal);
  }

  /** The tables that hold arrays of the records of a table, as far as they were loaded and are still there. */
  async children(target: Target, table: string): Promise<KnownChild[]> {
    return this.access.read(target, (session) => findChildren(session, { schema: target.schema, table }));
  }

  /** How far an API is loaded into a table, by partition: the highest values that were committed with their rows. */
  async cursors(target: Target, key: CursorKey): Promise<Map<string, string>> {
    return this.access.read(target, (session) => findCursors(session, { ...key, schema: target.schema }));
  }

  /** Forgets, in one transaction, what loads have left behind about a table; nothing of it is loaded meanwhile. */
  async reset(target: Target, reset: ResetRequest, signal?: AbortSignal): Promise<Forgotten> {
    return this.access.inTurn(
      target,
      reset.table,
      (session, place) => resetTable(session, place, reset),
      signal,
    );
  }

  /**
   * Loads a stage in one transaction: rows, identities, rejects and ledger, or nothing. A run that has loaded the table
   * before gets the stored counts.
   *
   * @throws what `signal` gives as its reason when it aborts before COMMIT
   */
  async load(request: LoadRequest): Promise<LoadResult> {
    const columns = request.stage.columns.map(({ name }) => name);
    const where = `table ${request.target.schema}.${request.table}`;
    return this.access.use(request.target, { where, columns }, async (database) => {
      const { limits } = this.access;
      const work = async (session: Session) => {
        const loaded = await loadTogether(session, request, limits);
        await showStores(session);
        await request.known;
        return loaded;
      };
      try {
        return await runTransaction(database, limits, work, request.signal);
      } catch (error) {
        if (error instanceof CommitUnknownError) return this.settle(request, error);
        throw error;
      }
    });
  }

  /**
   * What loads would do, found out by doing them, one after the other, in a transaction that is rolled back. The tables'
   * locks are held as long as the loads would hold them.
   *
   * @throws TransientError where it may work later; a load that would fail is told in its place
   */
  async tryLoads(target: Target, loads: LoadToTry[], signal?: AbortSignal): Promise<TriedLoad[]> {
    const { limits } = this.access;
    return this.access.undone(
      target,
      (session, committed) => tryLoads(session, committed, { loads, limits }),
      signal,
    );
  }

  /** What the loads of a pipeline into its tables depend on. */
  async tableStates(target: Target, pipeline: string, tables: string[]): Promise<TableState[]> {
    const { schema } = target;
    return this.access.read({ ...target, isTrial: true }, async (session) => {
      // What describes a constraint waits for whoever changes the table.
      await session.limitLocks(PLAN_LOCK_MS);
      const states: TableState[] = [];
      for (const table of tables) states.push(await describeState(session, pipeline, { schema, table }));
      return states;
    });
  }

  /** Whether the commit counted: known as soon as the transaction has let go of the table. */
  private async settle(request: LoadRequest, unknown: CommitUnknownError): Promise<LoadResult> {
    const found = await this.committed(request.target, { runId: request.runId, table: request.table });
    if (!found) throw unknown;
    return { ...found, alreadyCommitted: false };
  }

  /**
   * Runs a transform in one transaction, or not at all where nothing that it is made of has changed.
   *
   * @throws what `signal` gives as its reason when it aborts before COMMIT
   */
  async transform(request: TransformRequest): Promise<TransformResult> {
    const where = `transform ${request.name}`;
    return this.access.use(request.target, { where }, (database) => {
      const { limits } = this.access;
      return runTransaction(
        database,
        limits,
        (session) => applyTransform(session, request, limits),
        request.signal,
      );
    });
  }

  /**
   * Stores the rejects of a run that fails because of them; again is the same as once.
   *
   * @returns how many there are
   */
  async recordRejects(target: Target, rejects: RejectsToRecord): Promise<number> {
    const origin = { ...rejects, loadId: null };
    return this.access.transact(target, (session) => copyRejects(session, origin, rejects.rejectsPath));
  }

  /**
   * A page of a run's rejects.
   *
   * @throws TerminalError `INVALID_CURSOR`
   */
  async rejects(target: Target, runId: string, request: RejectPageRequest = {}): Promise<RejectPage> {
    return this.access.read(target, async (session) => {
      const page = await listRejects(session, runId, request);
      return { ...page, total: await countRejects(session, runId, request) };
    });
  }

  /** All rejects of a run, page by page, so that a slow reader holds no connection. */
  async *allRejects(target: Target, runId: string, filter: RejectFilter = {}): AsyncGenerator<Reject> {
    let cursor: string | null | undefined;
    do {
      const request = { ...filter, limit: PAGE_OF_ALL, ...(cursor ? { cursor } : {}) };
      const page: RejectList = await this.access.read(target, (session) =>
        listRejects(session, runId, request),
      );
      yield* page.items;
      cursor = page.nextCursor;
    } while (cursor);
  }

  /** The tables that a run has rejects of, and how many of them can be read again. */
  async countReplayable(target: Target, runId: string): Promise<ReplayableTable[]> {
    return this.access.read(target, (session) => countReplayable(session, runId));
  }

  /**
   * Writes the rejects that can be read again to `path`, one JSON object a line (`id`, `source`, `file`, `raw`), those
   * of a file together.
   */
  async exportRejects(target: Target, of: RejectsOf, path: string): Promise<ReplayableRejects> {
    return this.access.read(target, (session) => exportReplayable(session, of, path));
  }

  /**
   * The statements that a pipeline ran to change the user's schema, the newest first.
   *
   * @throws TerminalError `INVALID_CURSOR`
   */
  async schemaChanges(target: Target, of: SchemaChangesOf): Promise<ListedChanges> {
    return this.access.read(target, (session) => listSchemaChanges(session, of));
  }

  /** Forgets the oldest loads and rejects of some pipelines, in small steps for which no load waits. */
  async prune(target: Target, request: PruneRequest): Promise<Pruned> {
    return pruneTarget((work) => this.access.transact(target, work, request.signal), request);
  }
}
