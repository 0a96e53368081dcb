import { randomUUID, randomUUIDv7 } from 'node:crypto';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import type { Repository } from 'typeorm';
import { TerminalError, TransientError } from '../../errors.js';
import { isUuid } from '../page.js';
import type { RunError } from '../run-report.js';
import { KEPT_MS, LONGEST_MS, LOST_MS, SIGN_OF_LIFE_MS } from './plan-times.js';
import { Plan } from './plan.entity.js';
import { type Planned, PlanPipeline } from './plan-pipeline.js';
import type { PlannedConfig } from './plan-world.js';
import { PlannedConfigs, type PlanWish } from './planned-configs.js';

/** Plans that one process works on side by side: each has a share of the engine's memory and of the target's locks. */
const MOST_AT_ONCE = 2;

interface PlanAtWork {
  stop: AbortController;
  /** Rejects with what went wrong. */
  end: Promise<Plan>;
}

/** Makes plans, and keeps them for a day. */
@Injectable()
export class PlansService implements OnModuleDestroy {
  private readonly atWork = new Map<string, PlanAtWork>();

  constructor(
    @InjectRepository(Plan) private readonly plans: Repository<Plan>,
    private readonly configs: PlannedConfigs,
    private readonly pipeline: PlanPipeline,
    @InjectPinoLogger(PlansService.name) private readonly logger: PinoLogger,
  ) {}

  /** Ends the plans that are at work: nobody is left to take their answers. */
  async onModuleDestroy(): Promise<void> {
    const all = [...this.atWork.values()];
    for (const { stop } of all) stop.abort(new TransientError('SERVICE_STOPPING', 'the service is stopping'));
    await Promise.allSettled(all.map(({ end }) => end));
  }

  /**
   * Begins to make a plan, and keeps it whatever becomes of the request.
   * @throws InvalidConfig, TerminalError `NOT_FOUND`; TransientError `PLANS_BUSY` while others are at work
   */
  async begin(wish: PlanWish): Promise<Plan> {
    if (this.atWork.size >= MOST_AT_ONCE) throw busy();
    const config = await this.configs.open(wish);
    const { pipeline } = config.opened;
    const { checksum, configVersion } = config;
    const now = new Date();
    const expiresAt = new Date(now.getTime() + KEPT_MS);
    const what = { id: randomUUIDv7(), pipeline, checksum, configVersion, state: 'running' as const };
    const plan = await this.plans.save(
      this.plans.create({ ...what, createdAt: now, seenAt: now, expiresAt }),
    );
    const stop = new AbortController();
    const end = this.make(plan, config, stop).finally(() => this.atWork.delete(plan.id));
    end.catch(() => {});
    this.atWork.set(plan.id, { stop, end });
    return plan;
  }

  /**
   * The plan once it is through, or as it is after so many milliseconds.
   * @throws what the plan failed with
   */
  async ended(id: string, milliseconds: number): Promise<Plan> {
    const timer = new AbortController();
    const late = wait(milliseconds, timer.signal);
    try {
      return (await Promise.race([this.atWork.get(id)?.end, late])) ?? (await this.get(id));
    } finally {
      timer.abort();
    }
  }

  /** @throws TerminalError `PLAN_NOT_FOUND` */
  async get(id: string): Promise<Plan> {
    const plan = isUuid(id.toLowerCase()) ? await this.plans.findOneBy({ id }) : null;
    if (!plan) throw new TerminalError('PLAN_NOT_FOUND', `expected the id of a plan, got "${id}"`);
    const isLost = plan.state === 'running' && Date.now() - plan.seenAt.getTime() > LOST_MS;
    return isLost ? { ...plan, state: 'failed', error: LOST } : plan;
  }

  /**
   * Ends a plan that is at work, in whichever process, and forgets it.
   * @throws TerminalError `PLAN_NOT_FOUND`
   */
  async remove(id: string): Promise<void> {
    const plan = await this.get(id);
    await this.plans.delete({ id: plan.id });
    this.atWork.get(plan.id)?.stop.abort(cancelled());
  }

  private async make(plan: Plan, config: PlannedConfig, stop: AbortController): Promise<Plan> {
    const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(LONGEST_MS)]);
    const alive = setInterval(() => void this.showLife(plan.id, stop), SIGN_OF_LIFE_MS);
    const onProgress = async (progress: object) => {
      await this.plans.update({ id: plan.id, state: 'running' }, { progress });
    };
    try {
      const started = performance.now();
      const planned = await this.pipeline.walk({ ...config, id: plan.id, signal, onProgress });
      const { pipeline, id: planId } = plan;
      const durationMs = Math.round(performance.now() - started);
      this.logger.info({ planId, pipeline, durationMs }, 'made a plan');
      return await this.finish(plan, { state: 'ready', ...planned });
    } catch (error) {
      const cause = signal.aborted && !stop.signal.aborted ? tooLong() : error;
      await this.finish(plan, { state: 'failed', error: this.describe(cause, plan) });
      throw cause;
    } finally {
      clearInterval(alive);
    }
  }

  /** A plan that is not there any more was removed, perhaps by another process. */
  private async showLife(id: string, stop: AbortController): Promise<void> {
    const { affected } = await this.plans
      .update({ id, state: 'running' }, { seenAt: new Date() })
      // What the database does not take now is told by the next sign.
      .catch(() => ({ affected: undefined }));
    if (affected === 0) stop.abort(cancelled());
  }

  private async finish(
    plan: Plan,
    end: ({ state: 'ready' } & Planned) | { state: 'failed'; error: RunError },
  ): Promise<Plan> {
    const changes = { ...end, progress: null, finishedAt: new Date() };
    await this.plans.update({ id: plan.id }, changes);
    return { ...plan, ...changes };
  }

  private describe(error: unknown, { id: planId, pipeline }: Plan): RunError {
    if (error instanceof TerminalError || error instanceof TransientError) {
      const { code, message, details } = error;
      this.logger.warn({ planId, pipeline, err: error }, 'a plan failed');
      return { code, message, details };
    }
    const correlationId = randomUUID();
    this.logger.error(
      { planId, pipeline, err: error, correlationId },
      'a plan failed for a reason that nobody foresaw',
    );
    const message = `internal error; the log tells more under ${correlationId}`;
    return { code: 'INTERNAL', message, details: [] };
  }
}

const LOST: RunError = {
  code: 'PLAN_LOST',
  message: 'the process that worked on the plan is gone; ask for another plan',
  details: [],
};

function wait(milliseconds: number, signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), milliseconds);
    signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  });
}

function busy(): TransientError {
  return new TransientError(
    'PLANS_BUSY',
    `expected fewer than ${MOST_AT_ONCE} plans at work in this process, got as many; ask again when one is through`,
  );
}

function cancelled(): TerminalError {
  return new TerminalError('PLAN_CANCELLED', 'the plan was cancelled');
}

function tooLong(): TerminalError {
  return new TerminalError(
    'PLAN_TOO_LONG',
    `expected a plan within ${LONGEST_MS / 60_000} minutes, it took longer`,
  );
}
