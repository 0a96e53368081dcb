import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Service } from './jobs-support.js';
import { FROM_BUILD, startServiceProcess } from './service-process.js';

// npm run check:memory -- --gigabytes 2 --limit 700
// Loads one CSV file of that size through the built service and fails when its process ever held more than the limit.
const { values } = parseArgs({
  options: { gigabytes: { type: 'string', default: '2' }, limit: { type: 'string', default: '700' } },
});
const MEBIBYTE = 2 ** 20;

/** A row of about 110 bytes, with text, numbers, dates and quotes; the same for the same number. */
function row(n: number): string {
  const amount = ((n * 7919) % 100_000) / 100;
  const day = String((n % 28) + 1).padStart(2, '0');
  const note = `"note ${n}, with a comma and a ""quote"""`;
  return `${n},customer ${n % 5000},c${n}@example.com,${amount.toFixed(2)},${n % 9},${n % 2 === 0},2024-02-${day},${note}\n`;
}

async function writeRows(path: string, bytes: number): Promise<number> {
  const out = createWriteStream(path, { highWaterMark: MEBIBYTE });
  const header = 'id,customer,email,amount,quantity,active,placed_on,note\n';
  out.write(header);
  let written = header.length;
  let n = 0;
  while (written < bytes) {
    const rows = Array.from({ length: 5000 }, () => row(++n)).join('');
    written += rows.length;
    if (!out.write(rows)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
  return n;
}

/** The most that the process ever held, in MiB. */
async function peakOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)![1]) / 1024;
}

async function check(folder: string): Promise<void> {
  const data = join(folder, 'data');
  await mkdir(join(data, 'inbox'), { recursive: true });
  const file = join(data, 'inbox', 'big.csv');
  const rows = await writeRows(file, Number(values.gigabytes) * 2 ** 30);
  console.log(`wrote ${rows} rows, ${Math.round((await stat(file)).size / MEBIBYTE)} MiB`);
  const env = {
    PATH: process.env['PATH'] ?? '',
    MILLRACE_HOME: join(folder, 'home'),
    MILLRACE_DATA_ROOTS: data,
  };
  const service = await startServiceProcess(folder, { ...env, LOG_LEVEL: 'info' }, FROM_BUILD);
  try {
    const client = new Service(service.url);
    await client.upload('pipeline: big\nmonitor: false\nsources: [{ type: local, path: inbox }]\n');
    const before = await peakOf(service.pid);
    const started = performance.now();
    const { body } = await client.post<{ id: string }>('/trigger-job', { pipeline: 'big' });
    const run = await client.ended(body.id, 3600);
    const seconds = (performance.now() - started) / 1000;
    const peak = await peakOf(service.pid);
    const [stream] = run.streams;
    console.log(
      `${run.state} in ${seconds.toFixed(1)} s: inserted ${stream!.inserted} of ${stream!.read} rows`,
    );
    console.log(
      `peak memory of the process: ${before.toFixed(0)} MiB at the start, ${peak.toFixed(0)} MiB at the end`,
    );
    if (stream!.inserted !== rows)
      throw new Error(`expected ${rows} rows, got ${stream!.inserted}: ${run.error?.message}`);
    if (peak > Number(values.limit))
      throw new Error(`expected at most ${values.limit} MiB, got ${peak.toFixed(0)}`);
  } finally {
    service.signal('SIGTERM');
    await service.exited;
  }
}

const folder = await mkdtemp(join(tmpdir(), 'millrace-big-'));
try {
  await check(folder);
} finally {
  await rm(folder, { recursive: true, force: true });
}
