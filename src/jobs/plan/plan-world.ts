import { Injectable } from '@nestjs/common';
import type { StreamConfig } from '../../config-history/pipeline-config.js';
import { TerminalError } from '../../errors.js';
import { LoaderService } from '../../loader/loader.service.js';
import { type OpenPipeline, PipelinesService } from '../pipelines.service.js';
import { StreamLooks } from '../stream-looks.js';
import { asksDigest, type PlanBasis, targetDigest } from './plan-basis.js';

/** A config as it is planned. */
export interface PlannedConfig {
  /** Its version is that which the text has, or would get. */
  opened: OpenPipeline;
  checksum: string;
  /** null: the text is not stored. */
  configVersion: number | null;
  newestVersion: number | null;
}

/** Finds out the state of the world that a plan holds for. */
@Injectable()
export class PlanWorld {
  constructor(
    private readonly pipelines: PipelinesService,
    private readonly looks: StreamLooks,
    private readonly loader: LoaderService,
  ) {}

  async read({ opened, checksum, newestVersion }: PlannedConfig, signal: AbortSignal): Promise<PlanBasis> {
    const target = this.pipelines.target(opened);
    const streams = this.pipelines.streams(opened);
    const tables = streams.map(({ table }) => table);
    const states = await this.loader.tableStates(target, opened.pipeline, tables);
    const basis: PlanBasis = { checksum, newestVersion, target: targetDigest(target), streams: [] };
    for (const [index, stream] of streams.entries()) {
      const look = await this.look(opened, stream, signal);
      basis.streams.push({ table: stream.table, look, asks: asksDigest(stream), state: states[index]! });
    }
    return basis;
  }

  private async look(
    opened: OpenPipeline,
    stream: StreamConfig,
    signal: AbortSignal,
  ): Promise<string | null> {
    const { pipeline, version: configVersion } = opened;
    try {
      return (await this.looks.look({ pipeline, configVersion }, stream, signal)).signature;
    } catch (error) {
      if (error instanceof TerminalError) return null;
      throw error;
    }
  }
}
