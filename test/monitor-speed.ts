import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { DataSource } from 'typeorm';
import { LookOut } from '../src/jobs/look-out.js';
import type { Monitor } from '../src/jobs/monitor.entity.js';
import { PipelinesService } from '../src/jobs/pipelines.service.js';
import { runSignature } from '../src/jobs/plan-files.js';
import { Run } from '../src/jobs/run.entity.js';
import { StreamLooks } from '../src/jobs/stream-looks.js';
import { applyLook, emptyReport, summaryOf } from '../src/jobs/stream-report.js';
import { Service } from './jobs-support.js';
import startPostgres from './start-postgres.js';
import stopPostgres from './stop-postgres.js';
import { createApp, type TestApp } from './support.js';

// npm run check:monitor -- --files 50000 --looks 5 --limit 2000 --memory 800
// Makes a folder of that many files, looks at it as a run does, then as the monitor does: once for the first time, several
// times with nothing changed, and once with one file changed. Fails when the median of the unchanged looks takes longer than
// the limit (milliseconds), or the process ever holds more than the memory (MiB).
const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '50000' },
    looks: { type: 'string', default: '5' },
    limit: { type: 'string', default: '2000' },
    memory: { type: 'string', default: '800' },
  },
});
const FILES = Number(values.files);
const MEBIBYTE = 2 ** 20;
const NEVER = new AbortController().signal;

/** What unchanged looks may leave on the heap altogether. */
const LEFT_MEBIBYTES = 10;

interface Measured {
  wallMs: number;
  heap: number;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function mebibytes(bytes: number): string {
  return (bytes / MEBIBYTE).toFixed(0);
}

let peak = 0;
setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 20).unref();

/** Prints what the work took: time, time of the processor, the longest pause of the event loop, memory. */
async function measure(name: string, work: () => Promise<unknown>): Promise<Measured> {
  const pauses = monitorEventLoopDelay({ resolution: 5 });
  pauses.enable();
  const cpu = process.cpuUsage();
  const started = performance.now();
  await work();
  const wallMs = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  pauses.disable();
  collectGarbage();
  const { rss, heapUsed } = process.memoryUsage();
  const times = `${wallMs.toFixed(0)} ms, ${((user + system) / 1_000).toFixed(0)} ms of processor time`;
  const pause = `longest pause ${(pauses.max / 1e6).toFixed(0)} ms`;
  console.log(`${name}: ${times}, ${pause}, ${mebibytes(rss)} MiB, of it ${mebibytes(heapUsed)} on the heap`);
  return { wallMs, heap: heapUsed };
}

async function makeFiles(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (let from = 0; from < FILES; from += 500) {
    const batch = Array.from({ length: Math.min(500, FILES - from) }, (_, n) => from + n);
    await Promise.all(
      batch.map((n) => writeFile(join(folder, `orders-${n}.csv`), `id,amount\n${n},${n}.50\n`)),
    );
  }
}

/** A run that has loaded them all, as far as the monitor can tell; a real one would take minutes. */
async function pretendRun({ app }: TestApp): Promise<void> {
  const pipelines = app.get(PipelinesService, { strict: false });
  const opened = await pipelines.open('many');
  const [look] = await app.get(StreamLooks, { strict: false }).lookAtAll(opened, NEVER);
  const report = emptyReport(pipelines.streams(opened)[0]!);
  applyLook(report, look!);
  const { files, skipped } = report;
  await app
    .get(DataSource)
    .getRepository(Run)
    .insert({
      id: '0198f0a0-0000-7000-8000-00000000000a',
      pipeline: 'many',
      configVersion: 1,
      trigger: 'manual',
      state: 'succeeded',
      queuedAt: new Date(),
      signature: runSignature([report.signature]),
      streams: [summaryOf(report)],
      files: [{ files, skipped }],
    });
}

async function check(app: TestApp): Promise<void> {
  const folder = join(app.dataRoot, 'many');
  await measure(`making ${FILES} files`, () => makeFiles(folder));
  await new Service(app.url).upload(
    'pipeline: many\nmonitor: { every: 60s }\nsources: [{ type: local, path: many }]\n',
  );
  await measure('first look, which reads them all', () => pretendRun(app));
  const lookOut = app.app.get(LookOut, { strict: false });
  const monitor = { pipeline: 'many', listing: null, saw: null } as Monitor;
  const look = async () => {
    const result = await lookOut.look(monitor, NEVER);
    Object.assign(monitor, result);
  };
  await measure('first look of the monitor', look);
  const looks: Measured[] = [];
  for (let n = 1; n <= Number(values.looks); n++) {
    looks.push(await measure(`unchanged look ${n}`, look));
    if (monitor.lastResult !== 'unchanged') throw new Error(`expected unchanged, got ${monitor.lastResult}`);
  }
  await appendFile(join(folder, 'orders-0.csv'), '0,1.00\n');
  await measure('look that finds one file changed', look);
  if (monitor.saw?.unsettled !== 1)
    throw new Error(`expected one file to wait for, got ${monitor.lastResult}`);
  const left = looks.at(-1)!.heap - looks[0]!.heap;
  const walls = looks.map(({ wallMs }) => wallMs).sort((a, b) => a - b);
  const median = walls[Math.floor(walls.length / 2)]!;
  console.log(`unchanged looks: median ${median.toFixed(0)} ms; peak memory ${mebibytes(peak)} MiB`);
  if (median > Number(values.limit))
    throw new Error(`expected at most ${values.limit} ms, got ${median.toFixed(0)}`);
  if (left > LEFT_MEBIBYTES * MEBIBYTE)
    throw new Error(`expected looks to leave nothing, got ${mebibytes(left)} MiB`);
  if (peak > Number(values.memory) * MEBIBYTE) throw new Error(`expected at most ${values.memory} MiB`);
}

await startPostgres();
try {
  const app = await createApp();
  try {
    await check(app);
  } finally {
    await app.close();
  }
} finally {
  await stopPostgres();
}
