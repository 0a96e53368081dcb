import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { TerminalError } from '../errors.js';
import { MonitorsService } from './monitors.service.js';
import { PipelinesService } from './pipelines.service.js';
import type { Run } from './run.entity.js';
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
  ) {}

  /**
   * Adds a run, and a monitor on its pipeline unless the request or the config says no.
   * @param key of an earlier request that may or may not have arrived: the same key is the same run
   * @throws TerminalError `IDEMPOTENCY_CONFLICT` when the key came with a different request before
   */
  async trigger(request: TriggerRequest, key?: string): Promise<Run> {
    const idempotencyKey = key === undefined ? undefined : checkKey(key);
    const requestDigest = idempotencyKey && digest(request);
    if (idempotencyKey) {
      const earlier = await this.earlier(idempotencyKey, requestDigest);
      if (earlier) return earlier;
    }
    const opened = await this.pipelines.open(await this.pipelines.nameOr(request.pipeline), request.version);
    const { pipeline, version: configVersion, config } = opened;
    const run = { pipeline, configVersion, trigger: 'manual' as const, idempotencyKey, requestDigest };
    const added = await this.runs.add(run, async (manager) => {
      if (config.monitor && request.monitor !== false) {
        await this.monitors.begin(pipeline, config.monitor.everySeconds, manager);
      }
      return true;
    });
    const result = added ?? (idempotencyKey && (await this.earlier(idempotencyKey, requestDigest)));
    if (!result) throw new Error(`run of ${pipeline}: expected it to be added, it was not`);
    return result;
  }

  private async earlier(key: string, requestDigest: string | undefined): Promise<Run | null> {
    const run = await this.runs.findByKey(key);
    if (!run || run.requestDigest === requestDigest) return run;
    const message = `Idempotency-Key: expected the request that it was first sent with, got a different one`;
    throw new TerminalError('IDEMPOTENCY_CONFLICT', message);
  }
}

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
