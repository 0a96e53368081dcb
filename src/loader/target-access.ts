import { Inject, Injectable } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { toLoaderError } from './database-errors.js';
import type { LoaderLimits } from './limits.js';
import type { Target } from './load.js';
import type { TablePlace } from './quote-name.js';
import { runTransaction } from './run-transaction.js';
import { type Session, useSession } from './session.js';
import { takeTurn } from './take-turn.js';
import { describeDatabase, LOADER_LIMITS, TargetDatabases } from './target-databases.js';
import { tryTransaction } from './try-transaction.js';

/** What an error's message shall name. */
interface Concern {
  where: string;
  /** Names that PostgreSQL's context may be searched for. */
  columns?: string[];
}

/**
 * Works on target databases, and makes what goes wrong there a TerminalError or a TransientError that holds no value of
 * a row.
 */
@Injectable()
export class TargetAccess {
  constructor(
    private readonly databases: TargetDatabases,
    @Inject(LOADER_LIMITS) readonly limits: LoaderLimits,
  ) {}

  /** Outside any transaction, unless the target is a trial. */
  read<T>(target: Target, work: (session: Session) => Promise<T>): Promise<T> {
    if (target.isTrial) return this.transact(target, work);
    return this.use(target, { where: describeDatabase(target) }, (database) =>
      useSession(database, this.limits, work),
    );
  }

  transact<T>(target: Target, work: (session: Session) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.use(target, { where: describeDatabase(target) }, (database) =>
      (target.isTrial ? tryTransaction : runTransaction)(database, this.limits, work, signal),
    );
  }

  /**
   * A transaction that is always rolled back.
   * @param work is given a second session, which sees the database as it stays
   */
  undone<T>(
    target: Target,
    work: (session: Session, committed: Session) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const trial = { ...target, isTrial: true };
    return this.transact(
      trial,
      (session) =>
        this.use(trial, { where: describeDatabase(target) }, (database) => {
          const beside = async (committed: Session) => {
            await committed.query('BEGIN TRANSACTION READ ONLY');
            return work(session, committed).finally(() => committed.query('ROLLBACK'));
          };
          return useSession(database, this.limits, beside);
        }),
      signal,
    );
  }

  /** A transaction in which nobody else loads the table. */
  inTurn<T>(
    target: Target,
    table: string,
    work: (session: Session, place: TablePlace) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const place = { schema: target.schema, table };
    const inTurn = async (session: Session) => {
      await takeTurn(session, place, this.limits);
      return work(session, place);
    };
    return this.transact(target, inTurn, signal);
  }

  async use<T>(
    target: Target,
    { where, columns }: Concern,
    work: (database: DataSource) => Promise<T>,
  ): Promise<T> {
    try {
      return await work(await this.databases[target.isTrial ? 'reach' : 'connect'](target));
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
