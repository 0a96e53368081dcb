import { Injectable } from '@nestjs/common';
import {
  type CheckedConfigDto,
  type ConfigDetailDto,
  type ConfigPageDto,
  toVersionDto,
} from './config-history.dto.js';
import type { PageQueryDto } from '../http/page-query.dto.js';
import { ConfigHistoryService } from './config-history.service.js';
import { decodeCursor, pageOf } from './config-paging.js';
import type { ConfigVersion } from './config-version.entity.js';
import { InvalidConfig } from './invalid-config.js';
import { maskConfig } from './mask-secrets.js';

/** Makes JSON answers of versions: in pages, and without secrets. */
@Injectable()
export class ConfigAnswers {
  constructor(private readonly history: ConfigHistoryService) {}

  check(text: string): CheckedConfigDto {
    const { config, warnings } = this.history.check(text);
    return { pipeline: config.pipeline, dryRun: true, warnings, config: maskConfig(config) };
  }

  describe(entry: ConfigVersion): ConfigDetailDto {
    try {
      const { config } = this.history.check(entry.text);
      return { ...toVersionDto(entry), config: maskConfig(config), faults: [] };
    } catch (error) {
      if (!(error instanceof InvalidConfig)) throw error;
      return { ...toVersionDto(entry), config: null, faults: error.details };
    }
  }

  async listPipelines({ cursor, limit }: PageQueryDto): Promise<ConfigPageDto> {
    const after = decodeCursor(cursor, /^[a-z][a-z0-9_-]{0,62}$/);
    const page = pageOf(
      await this.history.listPipelines({ after, limit: limit + 1 }),
      limit,
      (row) => row.pipeline,
    );
    return { items: page.items.map(toVersionDto), nextCursor: page.nextCursor };
  }

  async listVersions(pipeline: string, { cursor, limit }: PageQueryDto): Promise<ConfigPageDto> {
    const before = decodeCursor(cursor, /^[1-9]\d{0,8}$/);
    const rows = await this.history.listVersions(pipeline, {
      before: before === undefined ? undefined : Number(before),
      limit: limit + 1,
    });
    const page = pageOf(rows, limit, (row) => String(row.version));
    return { items: page.items.map(toVersionDto), nextCursor: page.nextCursor };
  }
}
