import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { LessThan, MoreThan, Repository } from 'typeorm';
import { Settings } from '../settings/settings.js';
import { ConfigNotFound } from './config-not-found.js';
import { ConfigVersion } from './config-version.entity.js';
import { type ConfigDiff, diffConfigs } from './diff-configs.js';
import { parseConfig } from './parse-config.js';
import type { PipelineConfig } from './pipeline-config.js';
import { findVariables, writePath } from './variables.js';

/** A version with its text checked again, as a run uses it. */
export interface OpenVersion extends ConfigVersion {
  config: PipelineConfig;
}

/** What a check of a text found: its meaning, and what a run would miss now. */
export interface CheckedText {
  config: PipelineConfig;
  warnings: { path: string; message: string }[];
}

/** A text among the versions of its pipeline. */
export interface TextPlace {
  checksum: string;
  /** The newest version with this text; null: none has it. */
  version: number | null;
  /** null: the pipeline has no version. */
  newest: number | null;
}

/** SHA-256 of a text, hex. */
export function checksumOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Keeps every version of every pipeline's YAML. */
@Injectable()
export class ConfigHistoryService {
  constructor(
    @InjectRepository(ConfigVersion) private readonly versions: Repository<ConfigVersion>,
    private readonly settings: Settings,
  ) {}

  /** @throws InvalidConfig with every fault of the text */
  check(text: string): CheckedText {
    const config = parseConfig(text, this.settings);
    const warnings = findVariables(config)
      .filter(({ name }) => this.settings.variables(name) === undefined)
      .map(({ path, name }) => ({
        path: writePath(path),
        message: `expected the variable ${name} to be set before a run, it is not set now`,
      }));
    return { config, warnings };
  }

  /**
   * Checks a text and keeps it as the pipeline's newest version, also when it equals the one before.
   * @throws InvalidConfig with every fault of the text
   */
  async store(text: string): Promise<ConfigVersion> {
    const { config } = this.check(text);
    return this.append(config.pipeline, { text, origin: 'upload', restoredFrom: null });
  }

  /**
   * Makes an older text the newest version.
   * @throws ConfigNotFound; InvalidConfig when the text is no longer accepted
   */
  async restore(pipeline: string, version?: number): Promise<ConfigVersion> {
    const { text, version: restoredFrom } = await this.find(pipeline, version);
    this.check(text);
    return this.append(pipeline, { text, origin: 'restore', restoredFrom });
  }

  /**
   * A version and what it means. @param version the newest when left out
   * @throws ConfigNotFound; InvalidConfig when the text is no longer accepted, e.g. a variable that is not allowed now
   */
  async get(pipeline: string, version?: number): Promise<OpenVersion> {
    const found = await this.find(pipeline, version);
    return { ...found, config: parseConfig(found.text, this.settings) };
  }

  /** A version as it is kept. @throws ConfigNotFound */
  async find(pipeline: string, version?: number): Promise<ConfigVersion> {
    const where = version === undefined ? { pipeline } : { pipeline, version };
    const found = isVersionNumber(version)
      ? await this.versions.findOne({ where, order: { version: 'DESC' } })
      : null;
    if (found) return found;
    if (version !== undefined) await this.find(pipeline);
    throw new ConfigNotFound(pipeline, version);
  }

  /** Where a text stands among the versions of a pipeline, which may have none. */
  async place(pipeline: string, checksum: string): Promise<TextPlace> {
    const [same, newest] = await Promise.all([
      this.versions.maximum('version', { pipeline, checksum }),
      this.versions.maximum('version', { pipeline }),
    ]);
    return { checksum, version: same, newest };
  }

  /** @throws ConfigNotFound */
  async diff(pipeline: string, from: number, to: number): Promise<ConfigDiff> {
    const [before, after] = await Promise.all([this.find(pipeline, from), this.find(pipeline, to)]);
    return diffConfigs(
      { name: `${pipeline} version ${from}`, text: before.text },
      { name: `${pipeline} version ${to}`, text: after.text },
    );
  }

  /** The newest version of each pipeline, by name; those after the name `after`, at most `limit`, else all. */
  listPipelines({ after = '', limit }: { after?: string; limit?: number } = {}): Promise<ConfigVersion[]> {
    return this.versions
      .createQueryBuilder('one')
      .distinctOn(['one.pipeline'])
      .where({ pipeline: MoreThan(after) })
      .orderBy('one.pipeline')
      .addOrderBy('one.version', 'DESC')
      .limit(limit)
      .getMany();
  }

  /** Versions of a pipeline, the newest first. @throws ConfigNotFound when there is no such pipeline */
  async listVersions(pipeline: string, page: { before?: number; limit: number }): Promise<ConfigVersion[]> {
    await this.find(pipeline);
    const version = page.before === undefined ? {} : { version: LessThan(page.before) };
    return this.versions.find({
      where: { pipeline, ...version },
      order: { version: 'DESC' },
      take: page.limit,
    });
  }

  private append(
    pipeline: string,
    entry: Pick<ConfigVersion, 'text' | 'origin' | 'restoredFrom'>,
  ): Promise<ConfigVersion> {
    const checksum = checksumOf(entry.text);
    return this.versions.manager.transaction(async (manager) => {
      // One writer at a time for each pipeline, so that versions have no gaps.
      await manager.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
        `millrace config ${pipeline}`,
      ]);
      const newest = (await manager.maximum(ConfigVersion, 'version', { pipeline })) ?? 0;
      const added = manager.create(ConfigVersion, { ...entry, pipeline, checksum, version: newest + 1 });
      return manager.save(added);
    });
  }
}

/** What the column can hold; a larger number would be an error of the database instead of a version that is missing. */
function isVersionNumber(version: number | undefined): boolean {
  return version === undefined || (Number.isInteger(version) && version >= 1 && version <= 2_147_483_647);
}
