import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import type { LocalSourceConfig } from '../config-history/pipeline-config.js';
import { ExtractionService } from '../extraction/extraction.service.js';
import type { LandOptions } from '../extraction/land-files.js';
import type { LandedFile } from '../extraction/landed-file.js';
import type { SeenFile } from '../extraction/seen-file.js';
import { LoaderService } from '../loader/loader.service.js';
import type { ColumnLoss } from '../schema/column-loss.js';
import { SchemaService } from '../schema/schema.service.js';
import type { Stage } from '../schema/stage.js';
import type { Carrying } from './carry-steps.js';
import { ChildSteps } from './child-steps.js';
import { placeOf } from './compare-files.js';
import { keepRejects } from './keep-rejects.js';
import type { StreamLook } from './look-at-stream.js';
import { mayRefuse } from './may-refuse.js';
import { OutputSteps } from './output-steps.js';
import { probePieces } from './probe-pieces.js';
import { enter, logStep, type StreamWalk } from './run-walk.js';
import { splitFiles } from './split-files.js';
import { applyCarried, applyLanded, filesByPlace } from './stream-report.js';

/** The steps of a stream up to its stage, each by itself: land, probe, stage. */
@Injectable()
export class StageSteps {
  constructor(
    private readonly extraction: ExtractionService,
    private readonly schema: SchemaService,
    private readonly loader: LoaderService,
    private readonly children: ChildSteps,
    private readonly outputs: OutputSteps,
  ) {}

  async land(at: StreamWalk, look: StreamLook): Promise<LandedFile[]> {
    if (look.originals.length === 0) return [];
    await enter(at, 'extracting');
    at.landed = await this.landFiles(at, look.originals);
    logStep(at, 'extract', 'landed', { files: at.landed.length });
    return at.landed;
  }

  private async landFiles(at: StreamWalk, files: SeenFile[]): Promise<LandedFile[]> {
    const { stream, folder, index, signals, progress, journal } = at;
    const reports = filesByPlace(at.report);
    let count = 0;
    const options: LandOptions = {
      placeOf: ({ source }) => {
        return { source: stream.sources[source] as LocalSourceConfig, folder: folder.landed(index, source) };
      },
      onLanded: (ready, durationMs) => {
        applyLanded(reports.get(placeOf(ready)), ready, durationMs);
        progress.advance(index, ++count / files.length);
      },
      signal: signals.work,
    };
    if (journal.run.deaths === 0) return this.extraction.land(files, options);
    // A worker that dies of a file must leave no doubt which one it was.
    const landed: LandedFile[] = [];
    for (const file of files) {
      await this.mark(at, file);
      landed.push(...(await this.extraction.land([file], options)));
    }
    return landed;
  }

  /**
   * Stages the files a piece at a time and throws the result away, after workers died of the run: the next one to die
   * shows which file it is, or where to look on. Any other failure is for the real staging to find.
   */
  async probe(at: StreamWalk, files: LandedFile[]): Promise<void> {
    const { signals, folder } = at;
    const { deaths, suspects } = at.journal.run;
    if (deaths === 0) return;
    const scratch = join(folder.stream(at.index), 'probe');
    const pieces = probePieces(files, suspects);
    for (const piece of pieces) {
      await this.mark(at, piece);
      await mkdir(scratch, { recursive: true });
      const one = { folder: scratch, files: piece.files, copies: [], existing: null };
      await this.schema.stage({ ...how(at), ...one, signal: signals.work }).catch(() => null);
      signals.work.throwIfAborted();
      await rm(scratch, { recursive: true, force: true });
    }
    await at.journal.suspect(null);
    logStep(at, 'stage', 'tried the files piece by piece, because a worker died of the run', {
      files: files.length,
      pieces: pieces.length,
    });
  }

  /** Durable only where a worker has died of the run before: it costs a write for each file. */
  private async mark({ journal, stream }: StreamWalk, file: Suspicious): Promise<void> {
    if (journal.run.deaths === 0) return;
    const { name, fingerprint } = file;
    await journal.suspect({ table: stream.table, name, fingerprint });
  }

  /** @param carrying what the stage goes on from; absent: the files are all that there are */
  async stage(at: StreamWalk, look: StreamLook, files: LandedFile[], carrying?: Carrying): Promise<Stage> {
    const { stream, target, signals, folder, progress } = at;
    if (carrying) applyCarried(at.report, carrying.carried.files);
    await enter(at, 'staging');
    const existing = carrying?.existing ?? (await this.loader.describe(target(), stream.table));
    const split = await splitFiles(this.extraction, stream, files, {
      folder: folder.stream(at.index),
      signal: signals.work,
    });
    const carried = carrying && { carried: carrying.carried };
    const what = {
      folder: folder.stream(at.index),
      files: split.files,
      copies: look.copies,
      existing,
      ...carried,
    };
    const keepPlaces = !carrying && (await mayRefuse(this.loader, at, existing));
    try {
      const onProgress = (share: number) => progress.advance(at.index, share);
      const onLosses = at.onLosses && ((losses: ColumnLoss[]) => at.onLosses?.(stream.table, losses));
      const tell = { onProgress, ...(onLosses && { onLosses }) };
      const staged = { ...how(at), ...what, keepPlaces, signal: signals.work, ...tell };
      const stage = await this.schema.stage(staged);
      const { rows, identities, rejected, nulled } = stage;
      logStep(at, 'stage', 'staged', { rows, identities, rejected, ...(nulled.length > 0 && { nulled }) });
      await this.children.stage(at, { landed: files, children: split.children }, stage);
      return stage;
    } catch (error) {
      // What looks like a fault of the data may be that somebody wrote to the file meanwhile.
      await this.verify(look);
      await keepRejects(this.loader, at, error);
      throw error;
    }
  }

  /** Throws when a file is not what it was when it was looked at. */
  async verify(look: StreamLook): Promise<void> {
    await this.extraction.verify(look.originals);
  }

  /** The stage that an earlier attempt finished and checked, when it is still there. */
  async reopen(at: StreamWalk): Promise<Stage | null> {
    const stage = await this.schema.reopen(at.folder.stream(at.index), at.stream.table);
    if (stage && !(await this.outputs.canFinish(at, stage))) return null;
    if (stage) logStep(at, 'stage', 'went on from the stage of an earlier attempt');
    return stage;
  }
}

type Suspicious = Pick<LandedFile, 'name' | 'fingerprint'>;

/** How a stream's files are staged, whichever they are. */
function how({ stream }: StreamWalk) {
  const { table, naming, rename, strictMode, columns, contract, duplicates, key, batchRows } = stream;
  return { table, naming, rename, strictMode, columns, contract, duplicates, key, batchRows };
}
