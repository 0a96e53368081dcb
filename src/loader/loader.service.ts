import { Inject, Injectable } from '@nestjs/common';
import { copyRejects } from './copy-rejects.js';
import { toLoaderError } from './database-errors.js';
import { describeTable, fillableColumns } from './describe-table.js';
import { findLastLoad, findLoad } from './ledger.js';
import type { LoaderLimits } from './limits.js';
import { countRejects, listRejects, type RejectList } from './list-rejects.js';
import { loadStage, takeTurn } from './load-stage.js';
import type {
  ExistingColumns,
  LastLoad,
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
import { CommitUnknownError, runTransaction } from './run-transaction.js';
import { useSession, type Session } from './session.js';
import { describeDatabase, LOADER_LIMITS, TargetDatabases } from './target-databases.js';

const PAGE_OF_ALL = 200;

/**
 * Moves stages into the target database. All methods throw a TerminalError or a TransientError when the database refuses,
 * and never one that holds a value of a row. Nothing is tried again here, but the question whether a lost COMMIT counted.
 */
@Injectable()
export class LoaderService {
  constructor(
    private readonly databases: TargetDatabases,
    @Inject(LOADER_LIMITS) private readonly limits: LoaderLimits,
  ) {}

  /**
   * The columns of a table that a stream can fill; null when there is no such table.
   *
   * @throws TerminalError `NOT_A_TABLE`, or `TABLE_MISMATCH` when a column that must be filled cannot be
   */
  async describe(target: Target, table: string): Promise<ExistingColumns> {
    const place = { schema: target.schema, table };
    const described = await this.read(target, (session) => describeTable(session, place));
    return described && fillableColumns(described, place);
  }

  /** The pipeline's latest load into the table; null when there is none, or when the table has gone since. */
  async lastLoad(target: Target, pipeline: string, table: string): Promise<LastLoad | null> {
    return this.read(target, (session) => findLastLoad(session, pipeline, { schema: target.schema, table }));
  }

  /** What a run has committed into a table; null when it has not, and no transaction of it is under way any more. */
  async committed(
    target: Target,
    { runId, table, signal }: { runId: string; table: string; signal?: AbortSignal },
  ): Promise<LoadResult | null> {
    const key = { runId, schema: target.schema, table };
    const found = await this.read(target, (session) => findLoad(session, key));
    if (found) return found;
    const settled = async (session: Session) => {
      await takeTurn(session, key, this.limits);
      return findLoad(session, key);
    };
    return this.guard(target, { where: describeDatabase(target) }, async () =>
      runTransaction(await this.databases.connect(target), this.limits, settled, signal),
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
    return this.guard(request.target, { where, columns }, async () => {
      const database = await this.databases.connect(request.target);
      const work = (session: Session) => loadStage(session, request, this.limits);
      try {
        return await runTransaction(database, this.limits, work, request.signal);
      } catch (error) {
        if (error instanceof CommitUnknownError) return this.settle(request, error);
        throw error;
      }
    });
  }

  /** Whether the commit counted: known as soon as the transaction has let go of the table. */
  private async settle(request: LoadRequest, unknown: CommitUnknownError): Promise<LoadResult> {
    const found = await this.committed(request.target, { runId: request.runId, table: request.table });
    if (!found) throw unknown;
    return { ...found, alreadyCommitted: false };
  }

  /**
   * Stores the rejects of a run that fails because of them; again is the same as once.
   *
   * @returns how many there are
   */
  async recordRejects(target: Target, rejects: RejectsToRecord): Promise<number> {
    return this.guard(target, { where: describeDatabase(target) }, async () => {
      const database = await this.databases.connect(target);
      const origin = { ...rejects, loadId: null };
      return runTransaction(database, this.limits, (session) =>
        copyRejects(session, origin, rejects.rejectsPath),
      );
    });
  }

  /**
   * A page of a run's rejects.
   *
   * @throws TerminalError `INVALID_CURSOR`
   */
  async rejects(target: Target, runId: string, request: RejectPageRequest = {}): Promise<RejectPage> {
    return this.read(target, async (session) => {
      const page = await listRejects(session, runId, request);
      return { ...page, total: await countRejects(session, runId, request) };
    });
  }

  /** All rejects of a run, page by page, so that a slow reader holds no connection. */
  async *allRejects(target: Target, runId: string, filter: RejectFilter = {}): AsyncGenerator<Reject> {
    let cursor: string | null | undefined;
    do {
      const request = { ...filter, limit: PAGE_OF_ALL, ...(cursor ? { cursor } : {}) };
      const page: RejectList = await this.read(target, (session) => listRejects(session, runId, request));
      yield* page.items;
      cursor = page.nextCursor;
    } while (cursor);
  }

  /** The tables that a run has rejects of, and how many of them can be read again. */
  async countReplayable(target: Target, runId: string): Promise<ReplayableTable[]> {
    return this.read(target, (session) => countReplayable(session, runId));
  }

  /**
   * Writes the rejects that can be read again to `path`, one JSON object a line (`id`, `source`, `file`, `raw`), those
   * of a file together.
   */
  async exportRejects(target: Target, of: RejectsOf, path: string): Promise<ReplayableRejects> {
    return this.read(target, (session) => exportReplayable(session, of, path));
  }

  /** Forgets the oldest loads and rejects of some pipelines, in small steps for which no load waits. */
  async prune(target: Target, request: PruneRequest): Promise<Pruned> {
    return this.guard(target, { where: describeDatabase(target) }, async () => {
      const database = await this.databases.connect(target);
      return pruneTarget((work) => runTransaction(database, this.limits, work, request.signal), request);
    });
  }

  private read<T>(target: Target, work: (session: Session) => Promise<T>): Promise<T> {
    return this.guard(target, { where: describeDatabase(target) }, async () =>
      useSession(await this.databases.connect(target), this.limits, work),
    );
  }

  private async guard<T>(
    target: Target,
    { where, columns }: { where: string; columns?: string[] },
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const known = toLoaderError(error, where, columns);
      if (isLedgerMissing(known)) this.databases.forgetMigrations(target);
      throw known;
    }
  }
}

function isLedgerMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'LEDGER_MISSING';
}
