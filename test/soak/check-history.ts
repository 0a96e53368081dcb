import type { FileReportDto, RunDto, StreamReportDto } from '../../src/jobs/run.dto.js';
import { RangeSet } from './range-set.js';
import { PIPELINES, type SoakStream, STREAMS } from './streams.js';
import type { World } from './world.js';

/** Runs may fail of what was done to the database and to the files, three times in a row, and of nothing else. */
const PASSING = new Set([
  'CONNECTION_LOST',
  'FILE_CHANGED',
  'LOCK_TIMEOUT',
  'OUT_OF_RESOURCES',
  'SERIALIZATION',
  'SERVICE_DATABASE',
  'STATEMENT_CANCELLED',
  'TOO_MANY_CONNECTIONS',
]);

/** Every run is over, balances, says of each file what was in it, and none ran beside another of its pipeline. */
export async function checkHistory(world: World): Promise<RunDto[]> {
  const runs = await world.api.history();
  const loaded = new Map<string, RangeSet>();
  for (const { table } of STREAMS) loaded.set(table, new RangeSet());
  for (const run of runs) checkRun(world, run, loaded);
  for (const pipeline of PIPELINES)
    checkOverlap(
      world,
      runs.filter((run) => run.pipeline === pipeline),
    );
  for (const stream of STREAMS) await checkSums(world, stream, { runs, loaded: loaded.get(stream.table)! });
  await checkPromises(world, runs);
  return runs;
}

function checkRun({ model, violations }: World, run: RunDto, loaded: Map<string, RangeSet>): void {
  const name = `run ${run.id}`;
  if (run.state === 'queued' || run.state === 'running') {
    violations.add(name, { expected: 'to be over', got: run.state });
  }
  if (run.state === 'failed' && !PASSING.has(run.error?.code ?? '')) {
    const got = `${run.error?.code}: ${run.error?.message}`;
    violations.add(name, { expected: 'no failure but of what passes', got });
  }
  for (const stream of run.streams) {
    checkBalance(violations, `${name}, ${stream.table}`, stream);
    if (stream.state !== 'succeeded' && stream.state !== 'unchanged') continue;
    for (const file of stream.files) {
      checkFile({ model, violations }, `${name}, ${file.name}`, file);
      const content = model.contents.get(file.fingerprint);
      if (content?.isExact) loaded.get(stream.table)!.add(content.valid);
    }
  }
}

function checkBalance(violations: World['violations'], name: string, stream: StreamReportDto): void {
  for (const counts of [stream, ...stream.files]) {
    const { read, inserted, updated, duplicate, rejected } = counts;
    const at = 'name' in counts ? `${name}, ${counts.name}` : name;
    violations.same(
      `${at}: inserted + updated + duplicate + rejected`,
      read,
      inserted + updated + duplicate + rejected,
    );
  }
  if (stream.state !== 'succeeded') return;
  const sum = stream.files.reduce((total, { read }) => total + read, 0);
  violations.same(`${name}: sum over its files`, stream.read, sum);
}

/** A run may only have read what really was in the file at some moment, and all of it. */
function checkFile(
  { model, violations }: Pick<World, 'model' | 'violations'>,
  name: string,
  file: FileReportDto,
): void {
  const content = model.contents.get(file.fingerprint);
  if (!content) {
    violations.add(`${name}: content`, { expected: 'one that the file once had', got: file.fingerprint });
    return;
  }
  if (!content.isExact || file.state !== 'loaded') return;
  violations.same(`${name}: records read`, new RangeSet(content.valid).size + content.bad, file.read);
  violations.same(`${name}: records rejected`, content.bad, file.rejected);
}

function checkOverlap({ violations }: World, runs: RunDto[]): void {
  const spans = runs
    .filter(({ startedAt, finishedAt }) => startedAt !== null && finishedAt !== null)
    .map(({ id, startedAt, finishedAt }) => ({
      id,
      from: Date.parse(`${startedAt}`),
      to: Date.parse(`${finishedAt}`),
    }))
    .sort((a, b) => a.from - b.from);
  for (const [index, span] of spans.entries()) {
    const next = spans[index + 1];
    if (!next || next.from >= span.to) continue;
    const expected = `to begin after the end of run ${span.id}`;
    violations.add(`run ${next.id}`, { expected, got: `${span.to - next.from} ms before it` });
  }
}

async function checkSums(
  { database, violations }: World,
  stream: SoakStream,
  { runs, loaded }: { runs: RunDto[]; loaded: RangeSet },
): Promise<void> {
  const { table } = stream;
  const reports = runs.flatMap(({ streams }) => streams.filter((one) => one.table === table));
  const inserted = reports.reduce((sum, report) => sum + report.inserted, 0);
  const { rows } = await database.audit(stream, 0);
  violations.same(`sum of inserted into ${table} over all runs`, rows, inserted);
  violations.same(`sum of inserted into ${table} in the ledger`, rows, await database.ledgerInserted(stream));
  const missing = loaded.without(await database.ids(stream));
  violations.same(`rows that a run has loaded into ${table} and that are not there`, 'none', String(missing));
}

/** What was answered with 2xx lasts. */
async function checkPromises({ api, model, violations }: World, runs: RunDto[]): Promise<void> {
  const states = new Map(runs.map(({ id, state }) => [id, state]));
  for (const id of model.promised) {
    if (!states.has(id))
      violations.add(`run ${id}`, { expected: 'in the history, as promised', got: 'not there' });
  }
  for (const id of model.cancelled) {
    const state = states.get(id);
    if (state === 'cancelled' || state === 'succeeded') continue;
    violations.add(`cancelled run ${id}`, { expected: 'cancelled, or succeeded', got: `${state}` });
  }
  for (const [pipeline, version] of model.versions) {
    const { items } = await api.insist<{ items: { version: number }[] }>(`/configs/${pipeline}?limit=1`);
    const newest = items[0]?.version ?? 0;
    if (newest < version) violations.add(`newest config of ${pipeline}`, { expected: version, got: newest });
  }
}
