import { Injectable } from '@nestjs/common';
import { checksumOf, ConfigHistoryService } from '../../config-history/config-history.service.js';
import { PipelinesService } from '../pipelines.service.js';
import type { PlannedConfig } from './plan-world.js';

/** What is to be planned: a text, or a version that is stored; default: the newest of the only pipeline. */
export type PlanWish = { text: string } | { pipeline?: string; version?: number };

/** Opens configs to be planned, stored or not. */
@Injectable()
export class PlannedConfigs {
  constructor(
    private readonly configs: ConfigHistoryService,
    private readonly pipelines: PipelinesService,
  ) {}

  /** @throws InvalidConfig, TerminalError `NOT_FOUND` */
  async open(wish: PlanWish): Promise<PlannedConfig> {
    if ('text' in wish) return this.openText(wish.text);
    const pipeline = await this.pipelines.nameOr(wish.pipeline);
    const { version, checksum, config } = await this.configs.get(pipeline, wish.version);
    const { newest } = await this.configs.place(pipeline, checksum);
    const opened = { pipeline, version, config };
    return { opened, checksum, configVersion: version, newestVersion: newest };
  }

  private async openText(text: string): Promise<PlannedConfig> {
    const { config } = this.configs.check(text);
    const { pipeline } = config;
    const { checksum, version, newest } = await this.configs.place(pipeline, checksumOf(text));
    const opened = { pipeline, version: version ?? (newest ?? 0) + 1, config };
    return { opened, checksum, configVersion: version, newestVersion: newest };
  }
}
