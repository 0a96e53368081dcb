import type { TriedLoad } from '../../loader/try-loads.js';
import { formatColumnType } from '../../schema/column-types.js';
import type { ColumnLoss } from '../../schema/column-loss.js';
import type { Stage, StageColumn } from '../../schema/stage.js';
import { noCounts } from '../run-report.js';
import type { StreamWalk } from '../run-walk.js';
import { isSkipped } from '../part-failures.js';
import { applyLoad } from '../stream-report.js';
import type { PlannedColumn, PlanSamples, StreamOutcome, StreamPlan } from './plan-report.js';

/** What was found out about a stream. */
export interface PlannedStream {
  at: StreamWalk;
  /** null: there is nothing to load, or it fails before. */
  stage: Stage | null;
  /** null: no load was tried. */
  tried: TriedLoad | null;
  /** Of all streams, by table. */
  losses: ReadonlyMap<string, ColumnLoss[]>;
}

const SHOWN_FILES = 100;
const SHOWN_RAW = 200;

export function describeStream(planned: PlannedStream): StreamPlan {
  const { at, tried, losses } = planned;
  const { table } = at.stream;
  if (tried?.result) applyLoad(at.report, tried.result);
  const { error, files, skipped, children, read, inserted, updated, duplicate, rejected } = at.report;
  const counts = tried?.result ? { read, inserted, updated, duplicate, rejected } : noCounts();
  return {
    table,
    state: outcomeOf(planned),
    columns: columnsOf(planned),
    ddl: tried?.statements ?? [],
    changes: changesOf(planned),
    losses: losses.get(table) ?? [],
    counts: { ...counts, deleted: tried?.result?.deleted ?? 0 },
    ...(children && { children: children.map(({ output: _output, ...child }) => child) }),
    fileCount: files.length,
    files: files.slice(0, SHOWN_FILES).map(({ source, name, bytes, copyOf, ...file }) => {
      const { read, inserted, updated, duplicate, rejected } = file;
      return { source, name, bytes, copyOf, read, inserted, updated, duplicate, rejected };
    }),
    skipped: skipped.slice(0, SHOWN_FILES),
    samples: samplesOf(tried),
    error: error ? { code: error.code, message: error.message, details: error.details } : null,
  };
}

function outcomeOf({ at: { report }, tried }: PlannedStream): StreamOutcome {
  if (isSkipped(report)) return 'skipped';
  if (report.error) return 'failed';
  if (tried) return 'loads';
  return report.state === 'unchanged' ? 'unchanged' : 'empty';
}

/** The columns of the rows; of a stream that brings none, those of nothing. */
function columnsOf({ at, stage, tried }: PlannedStream): PlannedColumn[] {
  const declared = new Set(at.stream.columns.map(({ name }) => name));
  const before = byName(tried?.before);
  const after = byName(tried?.after);
  return (stage?.columns ?? []).map(({ name, type }): PlannedColumn => {
    const then = before.get(name);
    const now = formatColumnType((after.get(name) ?? { type }).type);
    const from = then && formatColumnType(then.type);
    const origin = declared.has(name) ? 'declared' : then ? 'table' : 'inferred';
    return { name, type: now, isNew: !then, origin, ...(from !== undefined && from !== now && { from }) };
  });
}

function changesOf({ at, tried }: PlannedStream): string[] {
  const { table } = at.stream;
  if (!tried?.after) return [];
  const { before, after } = tried;
  if (before === null) return [`${table} is created with ${after.length} columns`];
  const then = byName(before);
  const now = byName(after);
  const changed = after.flatMap((column) => changeOf(column, then.get(column.name)));
  const gone = before.filter(({ name }) => !now.has(name)).map(({ name }) => `${name} is dropped`);
  return [...changed, ...gone];
}

function changeOf({ name, type, required }: StageColumn, then: StageColumn | undefined): string[] {
  const now = formatColumnType(type);
  if (!then) return [`${name} is added as ${now}`];
  const before = formatColumnType(then.type);
  return [
    ...(before === now ? [] : [`${name} becomes ${now}, it was ${before}`]),
    ...(then.required === required ? [] : [`${name} ${required ? 'may be NULL no more' : 'may be NULL'}`]),
  ];
}

function samplesOf(tried: TriedLoad | null): PlanSamples {
  if (!tried) return { inserted: [], updated: [], deleted: [], rejected: [] };
  const { rejected, ...rows } = tried.samples;
  const shown = rejected.map(({ file, line, column, reason, raw }) => {
    return { file, line, column, reason, raw: raw.slice(0, SHOWN_RAW) };
  });
  return { ...rows, rejected: shown };
}

const byName = (columns: StageColumn[] | null | undefined) =>
  new Map((columns ?? []).map((column) => [column.name, column]));
