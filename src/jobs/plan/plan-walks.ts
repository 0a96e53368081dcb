import { Injectable } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import type { ColumnLoss } from '../../schema/column-loss.js';
import { openWalks } from '../open-walks.js';
import { PipelinesService } from '../pipelines.service.js';
import type { RunFolder } from '../run-folder.js';
import type { PlannedStream } from './describe-stream.js';
import { PlanJournal } from './plan-journal.js';
import type { PlanRequest } from './plan-request.js';

/** Opens the walks of a plan, which write nothing down. */
@Injectable()
export class PlanWalks {
  constructor(
    private readonly pipelines: PipelinesService,
    @InjectPinoLogger(PlanWalks.name) private readonly logger: PinoLogger,
  ) {}

  open({ opened, id, signal, onProgress }: PlanRequest, folder: RunFolder): PlannedStream[] {
    const { pipeline, version: configVersion } = opened;
    const log = this.logger.logger.child({ planId: id, pipeline });
    const journal = new PlanJournal({ id, pipeline, configVersion, log, onProgress });
    const never = new AbortController().signal;
    const signals = { work: signal, uncancelled: signal, load: signal, committed: signal, cancel: never };
    const target = { ...this.pipelines.target(opened), isTrial: true };
    const secrets = this.pipelines.secrets(opened);
    const walk = { journal, folder, signals, target: () => target, secrets };
    const losses = new Map<string, ColumnLoss[]>();
    const onLosses = (table: string, found: ColumnLoss[]) => void losses.set(table, found);
    const walks = openWalks(this.pipelines.streams(opened), { ...walk, onLosses });
    return walks.map((at) => ({ at, stage: null, tried: null, losses }));
  }
}
