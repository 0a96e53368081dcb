import { Injectable } from '@nestjs/common';
import { Counter, Histogram, Registry } from 'prom-client';
import type { RunState, StreamReport } from './run-report.js';
import type { Run } from './run.entity.js';

/** Pipelines, and tables, that have figures of their own; what comes beyond is counted together, as `_other`. */
const MOST_LABELS = 1_000;
const OTHER = { pipeline: '_other', table: '_other' };

const SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600];

const OUTCOMES = ['inserted', 'updated', 'duplicate', 'rejected'] as const;

/** A run that is over. */
export type EndedRun = Pick<Run, 'pipeline' | 'trigger' | 'state' | 'startedAt' | 'finishedAt'>;

/** What the runs of this process came to. */
@Injectable()
export class RunMetrics {
  private readonly finished: Counter<'pipeline' | 'trigger' | 'state'>;
  private readonly rows: Counter<'pipeline' | 'table' | 'outcome'>;
  private readonly readRows: Counter<'pipeline' | 'table'>;
  private readonly sourceBytes: Counter<'pipeline' | 'table'>;
  private readonly rowBytes: Counter<'pipeline' | 'table'>;
  private readonly stageSeconds: Histogram<'stage'>;
  private readonly runSeconds: Histogram<'state'>;
  private readonly pipelines = new Set<string>();
  private readonly tables = new Set<string>();

  constructor(registry: Registry) {
    const registers = [registry];
    const counter = <T extends string>(name: string, help: string, labelNames: T[]) =>
      new Counter({ name: `millrace_${name}_total`, help, labelNames, registers });
    const histogram = <T extends string>(name: string, help: string, labelNames: T[]) =>
      new Histogram({ name: `millrace_${name}_seconds`, help, labelNames, registers, buckets: SECONDS });
    const table = ['pipeline', 'table'] as ('pipeline' | 'table')[];
    this.finished = counter('runs_finished', 'Runs that ended', ['pipeline', 'trigger', 'state']);
    this.rows = counter('rows', 'Rows of runs that ended, by what became of them', [...table, 'outcome']);
    this.readRows = counter('read_rows', 'Rows that were read by runs that ended', table);
    this.sourceBytes = counter('source_bytes', 'Bytes of the files that were read', table);
    this.rowBytes = counter('row_bytes', 'Bytes of row data that were sent to the target', table);
    this.stageSeconds = histogram('stage_duration', 'Time a stream spent in a stage that it ended', [
      'stage',
    ]);
    this.runSeconds = histogram('run_duration', 'Time from the first start of a run to its end', ['state']);
  }

  /** A stream has ended a stage of its way. */
  endStage(stage: string, seconds: number): void {
    this.stageSeconds.observe({ stage }, seconds);
  }

  /** A run is over, and its report is final. Once for each run. */
  endRun(run: EndedRun, streams: StreamReport[]): void {
    const { trigger, state, startedAt, finishedAt } = run;
    const pipeline = admit(this.pipelines, run.pipeline) ? run.pipeline : OTHER.pipeline;
    this.finished.inc({ pipeline, trigger, state });
    if (startedAt && finishedAt) this.observeRun(state, finishedAt.getTime() - startedAt.getTime());
    for (const stream of streams) this.countStream(run.pipeline, stream);
  }

  private observeRun(state: RunState, ms: number): void {
    this.runSeconds.observe({ state }, Math.max(0, ms) / 1_000);
  }

  private countStream(pipeline: string, stream: StreamReport): void {
    const { table, read, rowBytes } = stream;
    const labels = admit(this.tables, `${pipeline}/${table}`) ? { pipeline, table } : OTHER;
    for (const outcome of OUTCOMES) this.rows.inc({ ...labels, outcome }, stream[outcome]);
    this.readRows.inc(labels, read);
    this.rowBytes.inc(labels, rowBytes);
    this.sourceBytes.inc(labels, bytesRead(stream));
  }
}

function admit(known: Set<string>, name: string): boolean {
  if (!known.has(name) && known.size >= MOST_LABELS) return false;
  known.add(name);
  return true;
}

/** Copies and unchanged files are known by their fingerprint and not read again. */
function bytesRead({ files }: StreamReport): number {
  const read = files.filter(({ state }) => state === 'landed' || state === 'loaded');
  return read.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);
}
