import { join } from 'node:path';
import { mkdir } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';
import { TerminalError } from '../errors.js';
import { ExtractionService } from '../extraction/extraction.service.js';
import { LoaderService } from '../loader/loader.service.js';
import { SchemaService } from '../schema/schema.service.js';
import type { Stage, StageReject } from '../schema/stage.js';
import type { LandedText } from '../schema/stage-request.js';
import { describeLeft } from './describe-left.js';
import { readLines } from '../extraction/read-lines.js';
import { replayContract } from './replay-contract.js';
import { replayDialect } from './replay-dialect.js';
import { mayRefuse } from './may-refuse.js';
import { enter, logStep, type StreamWalk } from './run-walk.js';
import { splitFiles } from './split-files.js';
import { applyLoad, applyStage } from './stream-report.js';
import { declaredConstraints } from './table-constraints.js';
import { writeRule } from './write-rule.js';
import { type ReplayFile, writeReplayFiles } from './write-replay-files.js';

/** The steps of a replay of one table's rejects, each by itself; `ReplayRejects` has their order. */
@Injectable()
export class ReplaySteps {
  constructor(
    private readonly extraction: ExtractionService,
    private readonly schema: SchemaService,
    private readonly loader: LoaderService,
  ) {}

  /** Takes the rejected records from the list into files of the run; those that stay are noted in the report. */
  async takeUp(at: StreamWalk, runId: string): Promise<ReplayFile[]> {
    await enter(at, 'extracting');
    const { table } = at.stream;
    const folder = join(folderOf(at), 'raw');
    await mkdir(folder, { recursive: true });
    const exported = join(folderOf(at), 'rejects.ndjson');
    const { files, left } = await this.loader.exportRejects(at.target(), { runId, table }, exported);
    at.report.skipped = left.map(describeLeft);
    const records = recordsPath(at);
    const written = await writeReplayFiles(exported, files, { folder, records, signal: at.signals.work });
    const count = written.reduce((sum, file) => sum + file.records, 0);
    logStep(at, 'extract', 'took up rejects', { files: written.length, records: count, left: left.length });
    return written;
  }

  /** @throws TerminalError `REPLAY_REFUSED` when the config cannot read them at all, or does not say their types */
  async stage(at: StreamWalk, files: ReplayFile[]): Promise<Stage> {
    const landed: LandedText[] = [];
    for (const file of files) landed.push(await this.land(at, file));
    await enter(at, 'staging');
    const { stream, target, signals, progress } = at;
    const { table, naming, rename, strictMode, duplicates, key, batchRows } = stream;
    const existing = await this.loader.describe(target(), table);
    const how = { table, naming, rename, strictMode, ...replayContract(stream), duplicates, key, batchRows };
    const keepPlaces = await mayRefuse(this.loader, at, existing);
    const what = { folder: folderOf(at), files: landed, copies: [], existing, keepPlaces };
    const onProgress = (share: number) => progress.advance(at.index, share);
    const stage = await this.schema.stage({ ...how, ...what, signal: signals.work, onProgress });
    logStep(at, 'stage', 'staged', { rows: stage.rows, rejected: stage.rejected });
    await checkRead(stage, files);
    if (!existing && stage.rows > 0) checkTypes(at, stage);
    return stage;
  }

  private async land(at: StreamWalk, file: ReplayFile): Promise<LandedText> {
    const { source, file: name, fingerprint, path, layout } = file;
    const known = { source, name, fingerprint };
    if (layout.format === 'json' || layout.format === 'text') {
      const folder = folderOf(at);
      const signal = at.signals.work;
      const landed = await this.extraction.landRecords(path, folder, signal);
      const { files } = await splitFiles(this.extraction, at.stream, [landed], { folder, signal });
      return { ...files[0]!, ...known };
    }
    const { types } = layout;
    const read = replayDialect(file, at.stream);
    const rest = { nested: [], rejects: null, longest: 0, types };
    return { ...known, format: 'csv', path, rawPath: path, ...read, ...rest };
  }

  /** Loads what passed and brings the list of rejects up to date, both or neither. */
  async load(at: StreamWalk, stage: Stage, runId: string): Promise<void> {
    const { stream, report, signals } = at;
    const { id, attempt, pipeline, configVersion } = at.journal.run;
    applyStage(report, stage);
    await enter(at, 'loading');
    await at.journal.record(at.streams);
    at.hasBegunLoad = true;
    const origin = { runId: id, pipeline, configVersion, table: stream.table };
    const loading = this.loader.load({
      ...origin,
      attempt,
      target: at.target(),
      // The files are not loaded with this: nothing of them shall look unchanged.
      signature: '',
      stage,
      replay: { runId, records: recordsPath(at) },
      write: writeRule(stream),
      constraints: declaredConstraints(stream),
      addColumns: stream.contract.newColumns === 'evolve',
      ...(stream.managedBy && { managedBy: stream.managedBy }),
      folder: folderOf(at),
      signal: signals.load,
    });
    const loaded = await loading.finally(() => stage.close());
    applyLoad(report, loaded);
    const { read, inserted, duplicate, rejected, alreadyCommitted } = loaded;
    logStep(at, 'load', 'loaded', { read, inserted, duplicate, rejected, alreadyCommitted });
    if (loaded.changes.length > 0) logStep(at, 'load', 'columns changed', { changes: loaded.changes });
  }

  /** Takes over what an earlier attempt of this run has committed; false when it has not. */
  async takeOverLoad(at: StreamWalk): Promise<boolean> {
    const loaded = await this.loader.committed(at.target(), {
      runId: at.journal.run.id,
      table: at.stream.table,
      signal: at.signals.committed,
    });
    if (loaded) applyLoad(at.report, loaded);
    return loaded !== null;
  }
}

const folderOf = ({ folder, index }: StreamWalk) => folder.stream(index);
const recordsPath = (at: StreamWalk) => join(folderOf(at), 'records.csv');

/** Every record must have come to an end of its own: only then is known which reject passed. */
async function checkRead(stage: Stage, files: ReplayFile[]): Promise<void> {
  if (stage.rejectsPath !== null) {
    for await (const line of readLines(stage.rejectsPath)) {
      const reject = JSON.parse(line) as Partial<StageReject>;
      if (reject.line === null) throw refused(`${reject.file}: ${reject.reason}`);
    }
  }
  for (const [index, { file, records }] of files.entries()) {
    const { read } = stage.files[index]!;
    if (read !== records) throw refused(`${file}: expected ${records} records, got ${read}`);
  }
}

/** From the few records that were refused nobody can tell what types the others have. */
function checkTypes({ stream }: StreamWalk, stage: Stage): void {
  const declared = new Set(stream.columns.map(({ name }) => name));
  const unknown = stage.columns.filter(({ name }) => !declared.has(name)).map(({ name }) => name);
  if (unknown.length === 0) return;
  throw refused(
    `${stream.table}: expected a table, or a schema that names every column, got neither for ${unknown.join(', ')}; ` +
      `load the pipeline's files first`,
  );
}

function refused(message: string): TerminalError {
  return new TerminalError('REPLAY_REFUSED', message);
}
