import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { Settings } from '../settings/settings.js';
import { RunJournals } from './run-journals.js';
import { sweepLeftovers } from './sweep-leftovers.js';

/** Removes at the start what processes that died have left on disk. */
@Injectable()
export class LeftoverSweep implements OnApplicationBootstrap {
  constructor(
    private readonly journals: RunJournals,
    private readonly settings: Settings,
    @InjectPinoLogger(LeftoverSweep.name) private readonly logger: PinoLogger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const removed = await sweepLeftovers(this.settings.home, (ids) => this.journals.finished(ids));
    if (removed.count > 0) this.logger.info(removed, 'removed what processes that died had left');
  }
}
