import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

// npm run check:api -- --pages 1000 --parallel 4 --rounds 5
// Fetches that many pages of 100 records from a server on loopback, and reads the same pages with a client that throws
// them away; each in a process of its own, in turns. Prints the medians, their ratio, and the most memory that each held;
// fails when 1,000 pages take more than 50 MiB above what 10 pages take.
const { values } = parseArgs({
  options: {
    pages: { type: 'string', default: '1000' },
    parallel: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '5' },
    /** Milliseconds that the server takes for each page besides its work. */
    delay: { type: 'string', default: '0' },
  },
});
const MOST_MORE_MIB = 50;

interface Measured {
  ms: number;
  /** Milliseconds of processor time. */
  cpu: number;
  /** The most that the process held, in MiB. */
  rss: number;
  records: number;
}

function start(role: string, args: string[]): ChildProcess {
  const script = fileURLToPath(new URL(`api-speed-${role}.ts`, import.meta.url));
  return spawn(process.execPath, [script, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
}

async function firstLine(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout! })) return line;
  throw new Error('expected a line from the child process, got none');
}

async function measure(role: string, origin: string, pages: string): Promise<Measured> {
  const child = start(role, [origin, pages, values.parallel]);
  const exit = once(child, 'exit');
  const measured = JSON.parse(await firstLine(child)) as Measured;
  await exit;
  if (measured.records !== Number(pages) * 100) throw new Error(`${role}: got ${measured.records} records`);
  return measured;
}

function median(numbers: number[]): number {
  return numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

const server = start('server', [values.delay]);
try {
  const origin = await firstLine(server);
  const measured: Record<string, Measured[]> = { read: [], fetch: [], 'fetch 10 pages': [] };
  for (let round = 0; round < Number(values.rounds); round++) {
    measured['read']?.push(await measure('read', origin, values.pages));
    measured['fetch']?.push(await measure('fetch', origin, values.pages));
    measured['fetch 10 pages']?.push(await measure('fetch', origin, '10'));
  }
  const rows = Object.entries(measured).map(([what, runs]) => ({
    what,
    ms: Math.round(median(runs.map(({ ms }) => ms))),
    cpu: Math.round(median(runs.map(({ cpu }) => cpu))),
    rss: Math.round(median(runs.map(({ rss }) => rss))),
  }));
  console.table(rows);
  const [read, fetch, few] = rows;
  if (read === undefined || fetch === undefined || few === undefined) throw new Error('expected three rows');
  const more = fetch.rss - few.rss;
  console.log(`ratio ${(fetch.ms / read.ms).toFixed(2)}, ${more} MiB more than for 10 pages`);
  if (more > MOST_MORE_MIB) throw new Error(`expected at most ${MOST_MORE_MIB} MiB more, got ${more}`);
} finally {
  server.kill();
}
