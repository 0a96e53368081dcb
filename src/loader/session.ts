import { pipeline } from 'node:stream/promises';
import type { PoolClient, QueryResult, QueryResultRow } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import type { DataSource, EntityManager } from 'typeorm';
import { TransientError } from '../errors.js';
import { isConnectionError } from './database-errors.js';
import type { LoaderLimits } from './limits.js';

/** How the loader's wait for one statement is called in the driver. */
interface Timed {
  query_timeout: number;
}

/** COPY may take days as long as bytes move; this is the longest timer that Node has. */
const NO_TIMEOUT: Timed = { query_timeout: 2 ** 31 - 1 };

/** One connection to a target, with an end to every wait. */
export class Session {
  /** Its transaction has made tables of identities that are not shown yet, see `showStores`. */
  hasNewStores = false;

  constructor(
    /** Works on this connection, inside its transaction. */
    readonly manager: EntityManager,
    private readonly client: PoolClient,
    private readonly limits: LoaderLimits,
  ) {}

  /** @param timeoutMs after which the connection is of no use any more; default: that of a short statement */
  query<Row extends QueryResultRow>(
    text: string,
    values: unknown[] = [],
    timeoutMs = this.limits.readMs,
  ): Promise<QueryResult<Row>> {
    const timed: Timed = { query_timeout: timeoutMs };
    return this.client.query<Row>(Object.assign({ text, values }, timed));
  }

  /** Statements with one answer to wait for, that of the last one. What is in them stands there as a literal. */
  async queryAll<Row extends QueryResultRow>(
    statements: string[],
    timeoutMs?: number,
  ): Promise<QueryResult<Row>> {
    const results: unknown = await this.query<Row>(statements.join(';\n'), [], timeoutMs);
    return (Array.isArray(results) ? results.at(-1) : results) as QueryResult<Row>;
  }

  /** A statement that may work on many rows. Outlives the server's own limit a little, so that the server answers first. */
  queryLong<Row extends QueryResultRow>(text: string, values: unknown[] = []): Promise<QueryResult<Row>> {
    return this.query(text, values, this.limits.statementMs + 5_000);
  }

  /**
   * One statement that may work on many rows, and no more: the server refuses a text of several. For SQL that others
   * have written.
   */
  queryOnly(text: string): Promise<QueryResult> {
    const timed: Timed = { query_timeout: this.limits.statementMs + 5_000 };
    return this.client.query(Object.assign({ text, queryMode: 'extended' }, timed));
  }

  /**
   * Sends the chunks as the data of a `COPY … FROM STDIN`, as fast as the server takes them.
   *
   * @param onSent told how many bytes are under way
   * @returns the rows that the server counted, and the bytes that were sent
   */
  async copyIn(
    sql: string,
    chunks: AsyncIterable<Buffer>,
    onSent?: (bytes: number) => void,
  ): Promise<{ rows: number; bytes: number }> {
    await this.query('SET LOCAL statement_timeout = 0');
    const stream = this.client.query(Object.assign(copyFrom(sql), NO_TIMEOUT));
    const stall = new Deadline(() => this.cut());
    let bytes = 0;
    const { stallMs, statementMs } = this.limits;
    async function* counted() {
      for await (const chunk of chunks) {
        bytes += chunk.length;
        stall.set(stallMs);
        yield chunk;
        stall.clear();
        onSent?.(bytes);
      }
      // Constraints and triggers are checked after the last byte.
      stall.set(statementMs);
    }
    await stall.guard(pipeline(counted, stream));
    await this.limitStatements();
    return { rows: stream.rowCount, bytes };
  }

  /** The data of a `COPY … TO STDOUT`. */
  async *copyOut(sql: string): AsyncGenerator<Buffer> {
    const stream = this.client.query(Object.assign(copyTo(sql), NO_TIMEOUT));
    const stall = new Deadline(() => this.cut());
    try {
      stall.set(this.limits.statementMs);
      for await (const chunk of stream) {
        stall.clear();
        yield chunk as Buffer;
        stall.set(this.limits.stallMs);
      }
    } catch (error) {
      throw stall.explain(error);
    } finally {
      stall.clear();
      // The driver's timer, which this kind of stream does not end by itself as the other does.
      (stream as { callback?: () => void }).callback?.();
    }
  }

  /** Inside a transaction: the server ends a statement that takes too long. */
  async limitStatements(): Promise<void> {
    await this.query(limitStatements(this.limits));
  }

  /** Inside a transaction: how long to wait for locks from here on. */
  async limitLocks(milliseconds: number): Promise<void> {
    await this.query(limitLocks(milliseconds));
  }

  /** Drops a connection that has not ended its transaction: its next user would be inside it. */
  cutUnlessIdle(): void {
    if (this.client.getTransactionStatus() !== 'I') this.cut();
  }

  /** Drops the connection whatever it is doing; statements that wait on it fail. */
  cut(): void {
    void this.client.end();
  }
}

/** SQL of what `limitStatements` does. */
export const limitStatements = ({ statementMs }: LoaderLimits) =>
  `SET LOCAL statement_timeout = ${statementMs}`;

/** SQL of what `limitLocks` does. */
export const limitLocks = (milliseconds: number) => `SET LOCAL lock_timeout = ${milliseconds}`;

/** Ends a wait, and remembers that it did. */
class Deadline {
  private timer: NodeJS.Timeout | undefined;
  private isOver = false;

  constructor(private readonly end: () => void) {}

  set(milliseconds: number): void {
    this.clear();
    this.timer = setTimeout(() => {
      this.isOver = true;
      this.end();
    }, milliseconds);
  }

  clear(): void {
    clearTimeout(this.timer);
  }

  async guard<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw this.explain(error);
    } finally {
      this.clear();
    }
  }

  explain(error: unknown): unknown {
    return this.isOver
      ? new TransientError('TARGET_STALLED', 'the database stopped taking or giving data')
      : error;
  }
}

/**
 * Runs `work` on a connection of the pool and gives it back; a connection in an unknown state is closed instead.
 */
export async function useSession<T>(
  database: DataSource,
  limits: LoaderLimits,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const runner = database.createQueryRunner();
  try {
    const session = new Session(runner.manager, (await runner.connect()) as PoolClient, limits);
    try {
      return await work(session);
    } catch (error) {
      if (isConnectionError(error)) session.cut();
      throw error;
    } finally {
      session.cutUnlessIdle();
    }
  } finally {
    await runner.release();
  }
}
