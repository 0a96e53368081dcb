import { Injectable } from '@nestjs/common';
import type { StreamConfig } from '../config-history/pipeline-config.js';
import { ExtractionService } from '../extraction/extraction.service.js';
import type { LandedFile } from '../extraction/landed-file.js';
import type { Target } from '../loader/load.js';
import { LoaderService } from '../loader/loader.service.js';
import { formatColumnType } from '../schema/column-types.js';
import { RejectLimit } from '../schema/reject-limit.js';
import { SchemaService } from '../schema/schema.service.js';
import type { Stage } from '../schema/stage.js';
import { Settings } from '../settings/settings.js';
import { combinedPath, isPublished, publish } from './combined-csv.js';
import { lookAtStream, type StreamLook } from './look-at-stream.js';
import { PipelinesService } from './pipelines.service.js';
import { runSignature } from './plan-files.js';
import { RunFolder } from './run-folder.js';
import type { RunJournal } from './run-journal.js';
import type { StreamReport, StreamState } from './run-report.js';
import {
  applyLanded,
  applyLoad,
  applyLook,
  applyUnchanged,
  emptyReport,
  isFinished,
  isStaged,
} from './stream-report.js';

/** A run at work. */
interface Walk {
  journal: RunJournal;
  /** Resolved only after the looks, so that a run that fails on it has still seen what it is about. */
  target: () => Target;
  folder: RunFolder;
  streams: StreamReport[];
  signal: AbortSignal;
}

/** One stream of it. */
interface StreamWalk extends Walk {
  index: number;
  stream: StreamConfig;
  report: StreamReport;
  look: StreamLook | null;
}

/**
 * Walks the stages of a run in order, stream by stream: look, land, stage, load, combined CSV. The only place that
 * knows them all. Each step's result is durable before the next begins, in the run row, on disk or in the target's
 * ledger, so a run that was interrupted goes on from its last finished step.
 */
@Injectable()
export class RunPipeline {
  constructor(
    private readonly pipelines: PipelinesService,
    private readonly extraction: ExtractionService,
    private readonly schema: SchemaService,
    private readonly loader: LoaderService,
    private readonly settings: Settings,
  ) {}

  /** Runs until the end, or throws; what was reached stands in the run row either way. */
  async walk(journal: RunJournal, signal: AbortSignal): Promise<void> {
    const { run } = journal;
    const opened = await this.pipelines.open(run.pipeline, run.configVersion);
    const folder = new RunFolder(this.settings.home, run.id);
    await folder.open();
    const configs = this.pipelines.streams(opened);
    const streams = configs.map((stream, index) => journal.earlier[index] ?? emptyReport(stream));
    const walk = { journal, folder, streams, signal, target: () => this.pipelines.target(opened) };
    const walks = configs.map((stream, index): StreamWalk => {
      return { ...walk, index, stream, report: streams[index]!, look: null };
    });
    await this.lookAtAll(walks);
    for (const at of walks) await this.walkStream(at);
  }

  /** Looks at every stream that is not past that yet, so that the run knows from the start what it is about. */
  private async lookAtAll(walks: StreamWalk[]): Promise<void> {
    const lookedAt = new Date();
    for (const at of walks) {
      if (!isFinished(at.report) && !isStaged(at.report)) await this.look(at);
    }
    const [first] = walks;
    const signature = runSignature(walks.map(({ report }) => report.signature));
    await first?.journal.record(first.streams, { signature, at: lookedAt });
  }

  private async look(at: StreamWalk): Promise<StreamLook> {
    at.look = await lookAtStream(this.extraction, at.stream, at.signal);
    applyLook(at.report, at.look);
    const { files, copies, skipped } = at.look;
    const counts = { files: files.length, copies: copies.length, skipped: skipped.length };
    log(at, 'extract', 'looked at the sources', counts);
    return at.look;
  }

  private async walkStream(at: StreamWalk): Promise<void> {
    const { report } = at;
    if (isFinished(report)) return;
    const started = performance.now();
    const stage = (await this.reopen(at)) ?? (await this.makeStage(at, at.look ?? (await this.look(at))));
    if (stage) {
      await this.load(at, stage);
      await this.writeCombined(at, stage);
    }
    report.durationMs = Math.round(performance.now() - started);
    await at.journal.record(at.streams);
    log(at, 'finish', 'stream finished', { state: report.state, durationMs: report.durationMs });
  }

  /** The stage that an earlier attempt finished and checked, when it is still there. */
  private async reopen(at: StreamWalk): Promise<Stage | null> {
    if (!isStaged(at.report)) return null;
    const stage = await this.schema.reopen(at.folder.path, at.stream.table);
    if (stage) log(at, 'stage', 'went on from the stage of an earlier attempt');
    return stage;
  }

  /** null when there is nothing to load: no file, or none that changed. */
  private async makeStage(at: StreamWalk, look: StreamLook): Promise<Stage | null> {
    if (look.files.length === 0) {
      at.report.state = 'empty';
      return null;
    }
    if (await this.isUnchanged(at, look)) {
      applyUnchanged(at.report);
      return null;
    }
    // What an attempt that died left half done is not to be told from what is whole.
    await at.folder.clear();
    const files = await this.land(at, look);
    const stage = await this.stage(at, look, files);
    for (const file of look.originals) await this.extraction.verify(file);
    at.report.columns = stage.columns.map(({ name, type }) => ({ name, type: formatColumnType(type) }));
    await enter(at, 'loading');
    return stage;
  }

  private async isUnchanged(at: StreamWalk, look: StreamLook): Promise<boolean> {
    const { output, table } = at.stream;
    const { run } = at.journal;
    const last = await this.loader.lastLoad(at.target(), run.pipeline, table);
    // A load of this very run means that an earlier attempt committed it: its counts are this run's.
    if (last?.signature !== look.signature || last.runId === run.id) return false;
    return output === null || isPublished(this.outputPath(at, output), look.signature);
  }

  private async land(at: StreamWalk, look: StreamLook): Promise<LandedFile[]> {
    await enter(at, 'extracting');
    const landed: LandedFile[] = [];
    for (const file of look.originals) {
      const started = performance.now();
      const folder = await at.folder.landed(at.index, file.source);
      const ready = await this.extraction.land(file, at.stream.sources[file.source]!, folder, at.signal);
      landed.push(ready);
      applyLanded(at.report, ready, Math.round(performance.now() - started));
    }
    log(at, 'extract', 'landed', { files: landed.length });
    return landed;
  }

  private async stage(at: StreamWalk, look: StreamLook, files: LandedFile[]): Promise<Stage> {
    const { copies, originals } = look;
    const { stream, target, signal, folder } = at;
    await enter(at, 'staging');
    const existing = await this.loader.describe(target(), stream.table);
    const { table, naming, strictMode, columns, contract, duplicates, batchRows } = stream;
    const how = { table, naming, strictMode, columns, contract, duplicates, batchRows };
    try {
      const stage = await this.schema.stage({ ...how, folder: folder.path, files, copies, existing, signal });
      const counts = { rows: stage.rows, identities: stage.identities, rejected: stage.rejected };
      log(at, 'stage', 'staged', counts);
      return stage;
    } catch (error) {
      // What looks like a fault of the data may be that somebody wrote to the file meanwhile.
      for (const file of originals) await this.extraction.verify(file);
      await this.keepRejects(at, error);
      throw error;
    }
  }

  /** A run that fails because of its rejects must still show them. */
  private async keepRejects(at: StreamWalk, error: unknown): Promise<void> {
    if (!(error instanceof RejectLimit) || error.rejectsPath === null) return;
    const { rejectsPath } = error;
    const { id: runId, pipeline, configVersion } = at.journal.run;
    const { table } = at.stream;
    await this.loader.recordRejects(at.target(), { runId, pipeline, configVersion, table, rejectsPath });
  }

  private async load(at: StreamWalk, stage: Stage): Promise<void> {
    const { stream, report, signal, folder } = at;
    const { id: runId, pipeline, configVersion } = at.journal.run;
    const loaded = await this.loader.load({
      target: at.target(),
      runId,
      pipeline,
      configVersion,
      stage,
      signal,
      folder: folder.path,
      table: stream.table,
      signature: report.signature ?? '',
      addColumns: stream.contract.newColumns === 'evolve',
    });
    applyLoad(report, loaded);
    await enter(at, 'writing');
    const { read, inserted, duplicate, rejected, rowBytes, alreadyCommitted } = loaded;
    log(at, 'load', 'loaded', { read, inserted, duplicate, rejected, rowBytes, alreadyCommitted });
  }

  private async writeCombined(at: StreamWalk, stage: Stage): Promise<void> {
    const { output } = at.stream;
    if (output !== null) {
      const path = this.outputPath(at, output);
      const { run } = at.journal;
      const signature = at.report.signature ?? '';
      await publish(path, { runId: run.id, signature, write: (tmp) => stage.writeCombined(tmp, at.signal) });
      log(at, 'output', 'wrote the combined CSV');
    }
    at.report.state = 'succeeded';
  }

  private outputPath(at: StreamWalk, output: string): string {
    return combinedPath(this.settings.home, at.journal.run.pipeline, output);
  }
}

/** Makes durable that the stream is at a step now. */
async function enter(at: StreamWalk, state: StreamState): Promise<void> {
  at.report.state = state;
  await at.journal.record(at.streams);
}

/** Counts and names only: no row's data, no secret. */
function log(at: StreamWalk, stage: string, message: string, fields: object = {}): void {
  at.journal.log.info({ stream: at.stream.table, stage, ...fields }, message);
}
