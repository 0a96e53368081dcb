import { Injectable } from '@nestjs/common';
import { ConfigHistoryService } from '../../config-history/config-history.service.js';
import { type ErrorDetail, TerminalError } from '../../errors.js';
import { type OpenPipeline, PipelinesService } from '../pipelines.service.js';
import { findStale } from './plan-basis.js';
import type { Plan } from './plan.entity.js';
import { PlanWorld } from './plan-world.js';
import { PlansService } from './plans.service.js';

const PATIENCE_MS = 60_000;

/** Tells whether a run would do what a plan says. */
@Injectable()
export class PlannedRuns {
  constructor(
    private readonly plans: PlansService,
    private readonly configs: ConfigHistoryService,
    private readonly pipelines: PipelinesService,
    private readonly world: PlanWorld,
  ) {}

  /**
   * The config version that a plan is about.
   * @throws TerminalError `PLAN_NOT_FOUND`, `PLAN_GONE` once it is too old, `PLAN_CONFLICT` where it is not ready or its
   *   config was not uploaded, `PLAN_STALE` where the world is another one since, with each difference
   */
  async open(planId: string): Promise<OpenPipeline> {
    const plan = await this.plans.get(planId);
    checkReady(plan);
    const { pipeline, checksum, basis } = plan;
    const place = await this.configs.place(pipeline, checksum);
    if (place.version === null) throw notUploaded(plan);
    if (place.newest !== basis?.newestVersion && place.newest !== place.version)
      throw stale(plan, [newerConfig(place.newest)]);
    const opened = await this.pipelines.open(pipeline, place.version);
    const config = { opened, checksum, configVersion: place.version, newestVersion: place.newest };
    const now = await this.world.read(config, AbortSignal.timeout(PATIENCE_MS));
    const changed = findStale(basis!, now);
    if (changed.length > 0) throw stale(plan, changed);
    return opened;
  }
}

function checkReady({ id, state, expiresAt, error }: Plan): void {
  if (expiresAt.getTime() < Date.now())
    throw new TerminalError(
      'PLAN_GONE',
      `plan ${id}: expected one of the last 24 hours, it is older; plan again`,
    );
  if (state === 'ready') return;
  const got = state === 'failed' ? `one that failed (${error?.code})` : 'one that is being made';
  throw new TerminalError('PLAN_CONFLICT', `plan ${id}: expected a plan that is ready, got ${got}`);
}

function notUploaded({ id, pipeline }: Plan): TerminalError {
  const message =
    `plan ${id}: expected a version of ${pipeline} with the text that was planned, there is none; ` +
    `POST /upload-config stores it`;
  return new TerminalError('PLAN_CONFLICT', message);
}

function newerConfig(newest: number | null): ErrorDetail {
  return { path: 'config', message: `config: expected no newer version since, got version ${newest}` };
}

function stale({ id }: Plan, changed: ErrorDetail[]): TerminalError {
  const says = changed.map(({ message }) => message).join('; ');
  return new TerminalError('PLAN_STALE', `plan ${id} does not hold any more: ${says}; plan again`, changed);
}
