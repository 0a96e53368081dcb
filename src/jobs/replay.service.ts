import { Injectable } from '@nestjs/common';
import { type EntityManager, In, IsNull, Not } from 'typeorm';
import { TerminalError } from '../errors.js';
import type { Target } from '../loader/load.js';
import { LoaderService } from '../loader/loader.service.js';
import type { ReplayableTable } from '../loader/replay.js';
import { type OpenPipeline, PipelinesService } from './pipelines.service.js';
import { refuseReplay } from './refuse-replay.js';
import { Run } from './run.entity.js';
import { RunsService } from './runs.service.js';
import { sentKey, SentKeys } from './sent-keys.js';

export interface ReplayRequest {
  version?: number;
  table?: string;
}

/** Adds runs that take up the rejects of an earlier one. */
@Injectable()
export class ReplayService {
  constructor(
    private readonly runs: RunsService,
    private readonly pipelines: PipelinesService,
    private readonly loader: LoaderService,
    private readonly keys: SentKeys,
  ) {}

  /**
   * Adds a run that takes up the rejects of run `runId`, or joins one that does just that.
   * @param key of an earlier request that may or may not have arrived
   * @throws TerminalError `RUN_NOT_FOUND`, `RUN_UNDER_WAY`, `NOTHING_TO_REPLAY`, `INVALID_REQUEST`, `TARGET_CONFLICT`
   */
  async replay(runId: string, request: ReplayRequest, key?: string): Promise<Run> {
    const run = await this.runs.get(runId);
    const { table = null, version } = request;
    const sent = sentKey(key, ['replay', run.id, version ?? null, table]);
    const earlier = await this.keys.earlier(sent);
    if (earlier) return earlier;
    if (run.finishedAt === null) throw underWay(`${run.pipeline}: expected a run that is over`, run);
    const opened = await this.pipelines.open(run.pipeline, version);
    await this.checkWork(run, opened, table);
    return this.runs.exclusively(run.pipeline, async (manager) => {
      const sentMeanwhile = await this.keys.earlier(sent, manager);
      if (sentMeanwhile) return sentMeanwhile;
      const replay = await this.addOrJoin(run, opened.version, { table, manager });
      await this.keys.remember(sent, replay, manager);
      return replay;
    });
  }

  private async addOrJoin(
    { id: runId, pipeline }: Run,
    configVersion: number,
    { table, manager }: { table: string | null; manager: EntityManager },
  ): Promise<Run> {
    const replay = { runId, table };
    const open = await this.findOpen(pipeline, runId, manager);
    if (!open) return this.runs.add({ pipeline, configVersion, trigger: 'replay', replay }, manager);
    if (open.configVersion === configVersion && open.replay?.table === table) return open;
    throw underWay(`${pipeline}: expected no other replay of run ${runId}`, open);
  }

  private async findOpen(pipeline: string, runId: string, manager: EntityManager): Promise<Run | undefined> {
    const open = await manager.findBy(Run, {
      pipeline,
      state: In(['queued', 'running']),
      replay: Not(IsNull()),
      cancelAskedAt: IsNull(),
    });
    return open.find(({ replay }) => replay?.runId === runId);
  }

  /** There must be records that can be read again, and streams for them, in the database that has the list. */
  private async checkWork(run: Run, opened: OpenPipeline, table: string | null): Promise<void> {
    const tables = opened.config.streams.map((stream) => stream.table);
    if (table !== null && !tables.includes(table)) {
      const message = `table: expected one of ${tables.join(', ')} (config version ${opened.version}), got "${table}"`;
      throw new TerminalError('INVALID_REQUEST', message, [{ path: 'table', message }]);
    }
    const target = this.pipelines.target(opened);
    checkSame(
      target,
      this.pipelines.target(await this.pipelines.open(run.pipeline, run.configVersion)),
      opened,
    );
    const counted = await this.loader.countReplayable(target, run.id);
    const wanted = counted.filter((one) => table === null || one.table === table);
    const ready = wanted.filter((one) => one.replayable > 0 && tables.includes(one.table));
    const refusals = opened.config.streams
      .filter((stream) => ready.some((one) => one.table === stream.table))
      .map((stream) => refuseReplay(stream));
    if (refusals.includes(null)) return;
    const why = refusals[0] ?? describeNothing(wanted, opened);
    throw new TerminalError('NOTHING_TO_REPLAY', `run ${run.id}: ${why}`);
  }
}

function describeNothing(counted: ReplayableTable[], { version }: OpenPipeline): string {
  if (counted.length === 0) return 'expected rejects in its list, there is none';
  const total = counted.reduce((sum, one) => sum + one.total, 0);
  const readable = counted.reduce((sum, one) => sum + one.replayable, 0);
  return readable === 0
    ? `expected rejects that can be read again, got ${total} that cannot: cut records, or files refused whole`
    : `expected a stream in config version ${version} for ${counted.map(({ table }) => table).join(', ')}, there is none`;
}

/** The list and the table change in one transaction, so both are in one database. */
function checkSame(target: Target, before: Target, { version }: OpenPipeline): void {
  const isSame =
    target.host === before.host && target.port === before.port && target.database === before.database;
  if (isSame) return;
  const message = `version: expected one whose target is the database that has the rejects, got ${version}`;
  throw new TerminalError('TARGET_CONFLICT', message, [{ path: 'version', message }]);
}

function underWay(expected: string, run: Run): TerminalError {
  return new TerminalError('RUN_UNDER_WAY', `${expected}, got run ${run.id}, which is ${run.state}`);
}
