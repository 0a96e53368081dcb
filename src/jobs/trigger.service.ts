import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository } from 'typeorm';
import { TerminalError } from '../errors.js';
import { IdempotencyKey } from './idempotency-key.entity.js';
import { MonitorsService } from './monitors.service.js';
import { type OpenPipeline, PipelinesService } from './pipelines.service.js';
import { Run } from './run.entity.js';
import { RunsService } from './runs.service.js';

export interface TriggerRequest {
  pipeline?: string;
  version?: number;
  monitor?: boolean;
}

/** Adds runs that somebody asked for. */
@Injectable()
export class TriggerService {
  constructor(
    private readonly pipelines: PipelinesService,
    private readonly runs: RunsService,
    private readonly monitors: MonitorsService,
    @InjectRepository(IdempotencyKey) private readonly keys: Repository<IdempotencyKey>,
  ) {}

  /**
   * Adds a run, or joins the one that is under way, and monitors the pipeline unless the request or the config says no.
   * @param key of an earlier request that may or may not have arrived: the same key is the same run
   * @throws TerminalError `IDEMPOTENCY_CONFLICT` when the key came with a different request before, `RUN_UNDER_WAY` when
   *   a run of another config version is
   */
  async trigger(request: TriggerRequest, key?: string): Promise<Run> {
    const sent = key === undefined ? null : { key: checkKey(key), requestDigest: digest(request) };
    const earlier = sent && (await this.earlier(sent));
    if (earlier) return earlier;
    const opened = await this.pipelines.open(await this.pipelines.nameOr(request.pipeline), request.version);
    const { monitor } = opened.config;
    return this.runs.exclusively(opened.pipeline, async (manager) => {
      // On this connection: the others may all be waiting for their turn.
      const sentMeanwhile = sent && (await this.earlier(sent, manager));
      if (sentMeanwhile) return sentMeanwhile;
      const run = await this.addOrJoin(opened, manager);
      if (sent) await manager.insert(IdempotencyKey, { ...sent, runId: run.id });
      if (monitor && request.monitor !== false) {
        await this.monitors.begin(opened.pipeline, monitor.everySeconds, manager);
      }
      return run;
    });
  }

  private async addOrJoin({ pipeline, version }: OpenPipeline, manager: EntityManager): Promise<Run> {
    const open = await this.runs.findOpen(pipeline, manager);
    if (!open) return this.runs.add({ pipeline, configVersion: version, trigger: 'manual' }, manager);
    if (open.configVersion === version) return this.runs.askAgain(open, manager);
    throw new TerminalError(
      'RUN_UNDER_WAY',
      `${pipeline}: expected no run of another config version, got run ${open.id} of version ${open.configVersion}, ` +
        `which is ${open.state}; wait for its end or cancel it to run version ${version}`,
    );
  }

  private async earlier(
    { key, requestDigest }: SentKey,
    manager: EntityManager = this.keys.manager,
  ): Promise<Run | null> {
    const known = await manager.findOneBy(IdempotencyKey, { key });
    if (!known) return null;
    if (known.requestDigest === requestDigest) return manager.findOneByOrFail(Run, { id: known.runId });
    const message = `Idempotency-Key: expected the request that it was first sent with, got a different one`;
    throw new TerminalError('IDEMPOTENCY_CONFLICT', message);
  }
}

type SentKey = Pick<IdempotencyKey, 'key' | 'requestDigest'>;

function checkKey(key: string): string {
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return key;
  const message = 'Idempotency-Key: expected 1 to 255 visible ASCII characters, got something else';
  throw new TerminalError('INVALID_REQUEST', message, [{ path: 'Idempotency-Key', message }]);
}

function digest({ pipeline, version, monitor }: TriggerRequest): string {
  return createHash('sha256')
    .update(JSON.stringify([pipeline ?? null, version ?? null, monitor ?? null]))
    .digest('hex');
}
