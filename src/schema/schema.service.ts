import { mkdir } from 'node:fs/promises';
import { Inject, Injectable } from '@nestjs/common';
import { buildStage } from './build-stage.js';
import { Engine } from './engine.js';
import { readManifest, writeManifest, type StageManifest } from './stage-manifest.js';
import { StageOnDisk } from './stage-on-disk.js';
import type { Stage } from './stage.js';
import type { StageRequest } from './stage-request.js';

/** Types, checks and hashes the landed files of a stream into one stage. */
@Injectable()
export class SchemaService {
  constructor(@Inject(Engine) private readonly engine: Engine) {}

  /**
   * Makes the stage of one stream in the folder of its run.
   *
   * @throws RejectLimit when the contract bears fewer rejects; TerminalError when the columns do not fit the contract
   */
  async stage(request: StageRequest): Promise<Stage> {
    await mkdir(request.folder, { recursive: true });
    return this.engine.stage(async (connection) => {
      const built = await buildStage(connection, request, this.engine.width);
      const rejected = built.files.reduce((sum, file) => sum + file.rejected, 0);
      const manifest: StageManifest = { ...built, rejected };
      await writeManifest(request.folder, request.table, manifest);
      return new StageOnDisk(this.engine, request.folder, request.table, manifest);
    }, request.signal);
  }

  /** The stage that an earlier attempt of the same run finished; null when none did. */
  async reopen(folder: string, table: string): Promise<Stage | null> {
    const manifest = await readManifest(folder, table);
    return manifest && new StageOnDisk(this.engine, folder, table, manifest);
  }
}
