import type { Plan } from './plan.entity.js';
import type { PlannedCounts, PlanSamples, StreamPlan } from './plan-report.js';

/** A plan to be read by people: what becomes of each table, line by line. */
export function printPlan({ id, pipeline, configVersion, state, report, error, expiresAt }: Plan): string {
  const version = configVersion === null ? 'a text that is not uploaded' : `version ${configVersion}`;
  const lines = [`Plan ${id} for ${pipeline}, ${version}`];
  if (error) lines.push('', `  ! ${error.message}`);
  else if (!report) lines.push('', `  ${state}: ask again`);
  if (report) {
    for (const stream of report.streams) lines.push('', ...printStream(stream));
    lines.push('', ...report.warnings.map((text) => `Note: ${text}`), sumUp(report.streams));
    if (report.wouldFail) lines.push('A run would fail.');
    if (!report.isComplete) lines.push('Not everything was read: the numbers are those of what was.');
    lines.push(`POST /trigger-job {"planId": "${id}"} runs it, until ${expiresAt.toISOString()}.`);
  }
  return `${lines.join('\n')}\n`;
}

function printStream(stream: StreamPlan): string[] {
  const {
    table,
    state,
    columns,
    ddl,
    changes,
    losses,
    counts,
    children = [],
    samples,
    skipped,
    error,
  } = stream;
  const inserted = columns.filter(({ isNew, from }) => isNew || from !== undefined);
  return [
    `# ${table}: ${state}${state === 'loads' ? `, ${countsOf(counts)}` : ''}`,
    ...children.map((child) => `  # ${child.table}: ${countsOf(child)}`),
    ...(error ? [`  ! ${error.message}`] : []),
    ...changes.map((text) => `  ~ ${text}`),
    ...inserted.map(({ name, type, origin, from }) => {
      return `  ${from === undefined ? '+' : '~'} ${name} ${type}${from === undefined ? '' : `, was ${from}`} (${origin})`;
    }),
    ...ddl.map((statement) => `    ${statement};`),
    ...losses.map(({ says, effect, count, samples: texts }) => {
      const how = count === null ? effect : `${effect}, ${count}`;
      return `  ! ${says} (${how}${texts.length > 0 ? `: ${texts.join(', ')}` : ''})`;
    }),
    ...skipped.map(({ name, reason }) => `  - ${name} is skipped: ${reason}`),
    ...printSamples(samples),
  ];
}

function printSamples({ inserted, updated, deleted, rejected }: PlanSamples): string[] {
  return [
    ...inserted.map((row) => `  + ${JSON.stringify(row)}`),
    ...updated.map(({ before, after }) => `  ~ ${JSON.stringify(before)} -> ${JSON.stringify(after)}`),
    ...deleted.map((row) => `  - ${JSON.stringify(row)}`),
    ...rejected.map(
      ({ file, line, reason }) => `  ! ${file}${line === null ? '' : `, line ${line}`}: ${reason}`,
    ),
  ];
}

function countsOf({ read, inserted, updated, deleted, duplicate, rejected }: PlannedCounts): string {
  return (
    `${read} read: ${inserted} to insert, ${updated} to update, ${deleted} to delete, ${duplicate} duplicate, ` +
    `${rejected} rejected`
  );
}

function sumUp(streams: StreamPlan[]): string {
  const sum = (key: keyof PlannedCounts) => streams.reduce((total, { counts }) => total + counts[key], 0);
  const numbers = (['inserted', 'updated', 'deleted', 'rejected'] as const).map((key) => sum(key));
  const [inserted, updated, deleted, rejected] = numbers;
  return `Plan: ${inserted} to insert, ${updated} to update, ${deleted} to delete, ${rejected} rejected.`;
}
