import type { RunDto } from '../../src/jobs/run.dto.js';
import type { TableCount } from './check-tables.js';
import { type Footprint, measure } from './footprint.js';
import { STREAMS } from './streams.js';
import type { World } from './world.js';

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** One line about where the soak is. */
export async function sayProgress(world: World, secondsLeft: number): Promise<void> {
  const { model, service, tally, violations } = world;
  const { memoryMiB, handles, sessions } = await measure(world);
  const rows = STREAMS.reduce((sum, stream) => sum + model.table(stream).seen.size, 0);
  const written = STREAMS.reduce((sum, stream) => sum + model.table(stream).written.size, 0);
  const done = [...tally.values()].reduce((sum, count) => sum + count, 0) - (tally.get('rows written') ?? 0);
  say(
    `${new Date().toISOString().slice(11, 19)} ${Math.max(0, Math.round(secondsLeft))} s left, ${done} actions, ` +
      `${model.files.size} files, rows seen ${rows} of ${written}, starts ${service.starts}, ` +
      `pid ${service.pid ?? 'none'}: ${memoryMiB} MiB, ${handles} handles, ${sessions} sessions, ` +
      `${violations.list.length} violations`,
  );
}

export interface Summary {
  tables: TableCount[];
  runs: RunDto[];
  base: Footprint;
  end: Footprint;
}

export function saySummary(world: World, { tables, runs, base, end }: Summary): void {
  sayTable('actions', [...world.tally]);
  sayTable('answers', [...world.api.answers]);
  const outcomes = runs.map(({ state, trigger, error }) => `${trigger} ${state} ${error?.code ?? ''}`.trim());
  sayTable(
    'runs',
    [...Map.groupBy(outcomes, (outcome) => outcome)].map(([key, all]) => [key, all.length]),
  );
  say('tables: table, rows, rows that must be there, rows that may be');
  for (const { table, rows, must, may } of tables) say(`  ${table.padEnd(34)} ${rows} ${must} ${may}`);
  say('the process: at its base, at the end');
  for (const key of ['memoryMiB', 'handles', 'sessions'] as const)
    say(`  ${key.padEnd(34)} ${base[key]} ${end[key]}`);
}

function sayTable(title: string, entries: [string, number][]): void {
  say(`${title}:`);
  for (const [name, count] of entries.sort(([a], [b]) => a.localeCompare(b)))
    say(`  ${name.padEnd(40)} ${count}`);
}
