import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import type { Run } from './run.entity.js';
import { SetAsideFile } from './set-aside-file.entity.js';

/** Workers that have to die of a run, and of them at one file, before the file is set aside. */
const DEATHS = 3;
const DEATHS_AT_FILE = 2;

/** Fingerprint of a file that runs go on without -> why. */
export type SetAside = ReadonlyMap<string, string>;

/** Knows the files that workers died of, so that the others can be loaded. */
@Injectable()
export class SetAsideFiles {
  constructor(@InjectRepository(SetAsideFile) private readonly files: Repository<SetAsideFile>) {}

  /** Those of a stream at one config version: a new version, or a new content, is another try. */
  async of(pipeline: string, configVersion: number, tableName: string): Promise<SetAside> {
    const found = await this.files.findBy({ pipeline, configVersion, tableName });
    return new Map(found.map(({ fingerprint, reason }) => [fingerprint, reason]));
  }

  /**
   * Sets the file aside when the run's workers died of it: three in all, the last two of them for certain at this file.
   * @returns whether it is set aside now
   */
  async judge(run: Run, table: string, file: { name: string; fingerprint: string }): Promise<boolean> {
    const deathsAtFile = run.suspects[file.fingerprint] ?? 0;
    if (run.deaths < DEATHS || deathsAtFile < DEATHS_AT_FILE) return false;
    const reason =
      `expected a file that a worker survives, ${run.deaths} workers died of it in run ${run.id}: set aside until ` +
      `its content or the config changes`;
    const { name, fingerprint } = file;
    const { id: runId, pipeline, configVersion } = run;
    const row = {
      pipeline,
      configVersion,
      tableName: table,
      fingerprint,
      name,
      runId,
      reason,
      at: new Date(),
    };
    await this.files.createQueryBuilder().insert().values(row).orIgnore().execute();
    return true;
  }
}

/** Deaths that no file explains. */
export function unexplainedDeaths({ deaths, suspects }: Pick<Run, 'deaths' | 'suspects'>): number {
  return deaths - Object.values(suspects).reduce((sum, count) => sum + count, 0);
}
