import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { Injectable, StreamableFile } from '@nestjs/common';
import { TerminalError } from '../errors.js';
import type { RejectFilter, RejectPage, RejectPageRequest, Target } from '../loader/load.js';
import { LoaderService } from '../loader/loader.service.js';
import { Settings } from '../settings/settings.js';
import { combinedPath } from './combined-csv.js';
import { PipelinesService } from './pipelines.service.js';
import { rejectLine, REJECTS_HEADER } from './rejects-csv.js';
import type { Run } from './run.entity.js';
import { RunsService } from './runs.service.js';

/** What runs leave behind for their users: rejects, and combined CSVs. */
@Injectable()
export class RunResults {
  constructor(
    private readonly runs: RunsService,
    private readonly pipelines: PipelinesService,
    private readonly loader: LoaderService,
    private readonly settings: Settings,
  ) {}

  /** @throws TerminalError `RUN_NOT_FOUND` or `INVALID_CURSOR` */
  async rejects(runId: string, request: RejectPageRequest): Promise<RejectPage> {
    const run = await this.runs.get(runId);
    return this.loader.rejects(await this.targetOf(run), run.id, request);
  }

  /** All rejects of a run as a CSV that is safe to open in a spreadsheet. */
  async rejectsCsv(runId: string, filter: RejectFilter): Promise<StreamableFile> {
    const run = await this.runs.get(runId);
    const rejects = this.loader.allRejects(await this.targetOf(run), run.id, filter);
    async function* lines(): AsyncGenerator<string> {
      yield REJECTS_HEADER;
      for await (const reject of rejects) yield rejectLine(reject);
    }
    return download(Readable.from(lines(), { objectMode: false }), `rejects-${run.id}.csv`);
  }

  /**
   * The combined CSV of a stream as the newest run of its pipeline has left it.
   * @throws TerminalError `OUTPUT_NOT_FOUND`
   */
  async output(runId: string, table: string): Promise<StreamableFile> {
    const run = await this.runs.get(runId);
    const tables = run.streams.flatMap((stream) => [stream, ...(stream.children ?? [])]);
    const output = tables.find((one) => one.table === table)?.output;
    if (!output) throw outputNotFound(table, `run ${run.id} writes none of that name`);
    const path = combinedPath(this.settings.home, run.pipeline, output);
    const file = await open(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') throw outputNotFound(table, 'no run has written it yet');
      throw error;
    });
    const { size } = await file.stat();
    return download(file.createReadStream(), output, size);
  }

  private async targetOf(run: Run): Promise<Target> {
    return this.pipelines.target(await this.pipelines.open(run.pipeline, run.configVersion));
  }
}

function outputNotFound(table: string, why: string): TerminalError {
  return new TerminalError(
    'OUTPUT_NOT_FOUND',
    `expected a table with a combined CSV, got "${table}": ${why}`,
  );
}

function download(content: Readable, name: string, length?: number): StreamableFile {
  const fallback = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const disposition = `attachment; filename="${fallback}"; filename*=UTF-8''${encodeURIComponent(name)}`;
  return new StreamableFile(content, { type: 'text/csv; charset=utf-8', disposition, length });
}
