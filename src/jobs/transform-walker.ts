import { Injectable } from '@nestjs/common';
import { checkSql, statementsOf } from '../config-history/check-sql.js';
import type { TransformConfig } from '../config-history/pipeline-config.js';
import { TerminalError } from '../errors.js';
import { ExtractionService } from '../extraction/extraction.service.js';
import type { Target } from '../loader/load.js';
import { LoaderService } from '../loader/loader.service.js';
import { Settings } from '../settings/settings.js';
import { applySkipped, type RunPart } from './part-failures.js';
import type { RunJournal } from './run-journal.js';
import type { RunSignals } from './run-signals.js';
import {
  findLost,
  isTransformOver,
  transformPart,
  transformsInOrder,
  type TransformWalk,
} from './transform-walk.js';
import { tryPart } from './try-part.js';

/** Where the transforms of a run run. */
export interface TransformPlace {
  journal: RunJournal;
  signals: RunSignals;
  target: () => Target;
  /** The config names no server of its own. */
  isServiceDatabase: boolean;
}

/** Runs the transforms of a run after its streams, one after the other, each in a transaction of its own. */
@Injectable()
export class TransformWalker {
  constructor(
    private readonly extraction: ExtractionService,
    private readonly loader: LoaderService,
    private readonly settings: Settings,
  ) {}

  /**
   * Each whose needs have not failed; what it failed with stands in its report.
   * @param streams of the run, which are over
   * @throws what ends the whole run at once, such as a cancel
   */
  async walk(
    walks: readonly TransformWalk[],
    streams: readonly RunPart[],
    place: TransformPlace,
  ): Promise<void> {
    const { journal } = place;
    const record = () => journal.recordTransforms(walks.map(({ report }) => report));
    for (const at of transformsInOrder(walks)) {
      if (isTransformOver(at.report)) continue;
      const lost = findLost(at, [...streams, ...walks.map(transformPart)]);
      if (lost) {
        applySkipped(transformPart(at), lost);
        journal.log.warn(
          { transform: at.report.name, reason: at.report.error?.message },
          'transform skipped',
        );
        await record();
        continue;
      }
      const { report, config } = at;
      const keepFailure = (failure: unknown) => (at.failure = failure);
      const part = {
        what: 'transform' as const,
        name: config.name,
        report,
        log: journal.log,
        signals: place.signals,
        keepFailure,
        record,
      };
      await tryPart(part, () => this.run(at, place, record));
    }
  }

  private async run(at: TransformWalk, place: TransformPlace, record: () => Promise<void>): Promise<void> {
    const { config, report } = at;
    const { journal, signals, target, isServiceDatabase } = place;
    const { id: runId, attempt, pipeline, configVersion } = journal.run;
    const started = performance.now();
    signals.work.throwIfAborted();
    report.state = 'running';
    await record();
    const { name, as, needs } = config;
    const result = await this.loader.transform({
      target: target(),
      isServiceDatabase,
      allowSuperuser: this.settings.sqlAsSuperuser,
      runId,
      attempt,
      pipeline,
      configVersion,
      name,
      as,
      needs,
      statements: await this.readStatements(config),
      signal: signals.load,
    });
    report.state = result.isUnchanged ? 'unchanged' : 'succeeded';
    report.rows = result.rows;
    report.durationMs = Math.round(performance.now() - started);
    await record();
    const { state, rows, durationMs } = report;
    journal.log.info({ transform: name, stage: 'transform', state, rows, durationMs }, 'transform finished');
  }

  private async readStatements({ name, as, text }: TransformConfig): Promise<string[]> {
    if ('sql' in text) return statementsOf(text.sql);
    const sql = await this.extraction.readText(text.file);
    const fault = checkSql(sql, as);
    if (fault !== undefined) {
      throw new TerminalError('TRANSFORM_SQL', `transform ${name}: ${fault} (${text.file})`);
    }
    return statementsOf(sql);
  }
}
