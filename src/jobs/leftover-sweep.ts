import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import type { Repository } from 'typeorm';
import { Settings } from '../settings/settings.js';
import { findOver } from './find-run-states.js';
import { sweepPlanFolders } from './plan/sweep-plans.js';
import { Run } from './run.entity.js';
import { sweepLeftovers } from './sweep-leftovers.js';

/** Removes at the start what processes that died have left on disk. */
@Injectable()
export class LeftoverSweep implements OnApplicationBootstrap {
  constructor(
    @InjectRepository(Run) private readonly runs: Repository<Run>,
    private readonly settings: Settings,
    @InjectPinoLogger(LeftoverSweep.name) private readonly logger: PinoLogger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const removed = await sweepLeftovers(this.settings.home, (ids) => findOver(this.runs.manager, ids));
    await sweepPlanFolders(this.runs.manager, this.settings.home);
    if (removed.count > 0) this.logger.info(removed, 'removed what processes that died had left');
  }
}
