import { Injectable } from '@nestjs/common';
import { ConfigHistoryService } from '../config-history/config-history.service.js';
import type { PipelineConfig, StreamConfig } from '../config-history/pipeline-config.js';
import { findVariables, resolveVariables } from '../config-history/variables.js';
import { ServiceConnection } from '../database/service-connection.js';
import { TerminalError } from '../errors.js';
import type { Target } from '../loader/load.js';
import { Settings } from '../settings/settings.js';
import { resolveTarget } from './resolve-target.js';

/** A pipeline at one config version; variables stand in the config as they were written. */
export interface OpenPipeline {
  pipeline: string;
  version: number;
  config: PipelineConfig;
}

const SHORTEST_SECRET = 8;

/** Gives out pipelines as runs need them: the checked config, its streams and its target with variables resolved. */
@Injectable()
export class PipelinesService {
  constructor(
    private readonly configs: ConfigHistoryService,
    private readonly connection: ServiceConnection,
    private readonly settings: Settings,
  ) {}

  /**
   * @param version the newest when left out
   * @throws TerminalError `NOT_FOUND` for a pipeline or version that is not there
   */
  async open(pipeline: string, version?: number): Promise<OpenPipeline> {
    const stored = await this.configs.get(pipeline, version);
    return { pipeline: stored.pipeline, version: stored.version, config: stored.config };
  }

  /**
   * The pipeline's streams, with every variable resolved.
   * @throws TerminalError `VARIABLE_UNSET`
   */
  streams({ config: { streams } }: OpenPipeline): StreamConfig[] {
    return resolveVariables({ streams }, this.settings.variables).streams;
  }

  /** Every pipeline that has a config. */
  async names(): Promise<string[]> {
    return (await this.configs.listPipelines()).map(({ pipeline }) => pipeline);
  }

  /** What the streams have from variables and nobody is to read: all but addresses and short words such as a region. */
  secrets({ config: { streams } }: OpenPipeline): string[] {
    const values = findVariables(streams).map(({ name }) => this.settings.variables(name) ?? '');
    return values.filter((value) => value.length >= SHORTEST_SECRET && !/^https?:\/\//.test(value));
  }

  /** Where the pipeline's tables are. Holds a password: never to be logged or stored. */
  target({ config }: OpenPipeline): Target {
    const { target } = resolveVariables({ target: config.target }, this.settings.variables);
    return resolveTarget(target, this.connection);
  }

  /**
   * The pipeline that a request means which names none: the only one there is, else the one called "default".
   * @throws TerminalError that lists the names when that does not settle it
   */
  async nameOr(pipeline: string | undefined): Promise<string> {
    if (pipeline !== undefined) return pipeline;
    const names = await this.names();
    const [only] = names;
    if (only === undefined) {
      throw new TerminalError(
        'NOT_FOUND',
        'pipeline: expected a config, none was uploaded yet; see POST /upload-config',
      );
    }
    if (names.length === 1) return only;
    if (names.includes('default')) return 'default';
    const message = `pipeline: expected one of ${names.join(', ')}, got none`;
    throw new TerminalError('INVALID_REQUEST', message, [{ path: 'pipeline', message }]);
  }
}
