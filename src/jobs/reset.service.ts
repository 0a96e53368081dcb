import { Injectable } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { TerminalError, TransientError } from '../errors.js';
import { LoaderService } from '../loader/loader.service.js';
import type { Forgotten } from '../loader/reset-table.js';
import { type OpenPipeline, PipelinesService } from './pipelines.service.js';
import type { Run } from './run.entity.js';
import { RunsService } from './runs.service.js';

/** The service's own database ends a transaction that has stood idle for longer, and with it the turn at the pipeline. */
const PATIENCE_MS = 45_000;

/** What to forget; what is left out is as the names say. */
export interface ResetWishes {
  /** Default: true. */
  cursors?: boolean;
  /** Default: true. */
  hashes?: boolean;
  /** Default: false. */
  truncate?: boolean;
}

export interface StreamReset extends Forgotten {
  pipeline: string;
  table: string;
}

/** Makes streams begin anew. */
@Injectable()
export class ResetService {
  constructor(
    private readonly pipelines: PipelinesService,
    private readonly runs: RunsService,
    private readonly loader: LoaderService,
    @InjectPinoLogger(ResetService.name) private readonly logger: PinoLogger,
  ) {}

  /**
   * Forgets what earlier runs have left behind about a stream of the newest config.
   * @throws TerminalError `NOT_FOUND`, `STREAM_NOT_FOUND`, `RUN_UNDER_WAY`, or `INVALID_REQUEST` for wishes that do not go together
   */
  async reset(name: string, table: string, wishes: ResetWishes): Promise<StreamReset> {
    const forget = settle(wishes);
    const opened = await this.pipelines.open(name);
    const { pipeline } = opened;
    checkStream(opened, table);
    const target = this.pipelines.target(opened);
    const forgotten = await this.runs.exclusively(pipeline, async (manager) => {
      const open = await this.runs.findUnfinished(pipeline, manager);
      if (open) throw underWay(pipeline, open);
      return within(PATIENCE_MS, (signal) =>
        this.loader.reset(target, { pipeline, table, ...forget }, signal),
      );
    });
    this.logger.info({ pipeline, stream: table, ...forget, forgotten }, 'a stream was reset');
    return { pipeline, table, ...forgotten };
  }
}

function settle({ cursors = true, hashes = true, truncate = false }: ResetWishes): Required<ResetWishes> {
  // An empty table whose rows count as loaded, or as read, would stay empty.
  if (truncate && !(cursors && hashes))
    throw invalid('truncate', 'expected cursors and hashes to be forgotten with the rows, got false');
  if (!cursors && !hashes) throw invalid('hashes', 'expected true for hashes or cursors, got false for both');
  return { cursors, hashes, truncate };
}

function invalid(path: string, why: string): TerminalError {
  const message = `${path}: ${why}`;
  return new TerminalError('INVALID_REQUEST', message, [{ path, message }]);
}

function checkStream({ pipeline, config }: OpenPipeline, table: string): void {
  const tables = config.streams.map((stream) => stream.table);
  if (tables.includes(table)) return;
  const message = `${pipeline}: expected one of its streams (${tables.join(', ')}), got "${table}"`;
  throw new TerminalError('STREAM_NOT_FOUND', message);
}

function underWay(pipeline: string, run: Run): TerminalError {
  return new TerminalError(
    'RUN_UNDER_WAY',
    `${pipeline}: expected no run under way, got run ${run.id}, which is ${run.state}; wait for its end or cancel it`,
  );
}

async function within<T>(milliseconds: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController();
  const reason = new TransientError(
    'RESET_LATE',
    `expected the reset to end within ${milliseconds / 1_000} s, it did not: nothing was forgotten`,
  );
  const timer = setTimeout(() => late.abort(reason), milliseconds);
  try {
    return await work(late.signal);
  } finally {
    clearTimeout(timer);
  }
}
