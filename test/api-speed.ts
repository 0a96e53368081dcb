import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

// npm run check:api -- --pages 1000 --parallel 4 --rounds 3 --delay 0,10,50
// Fetches that many pages of 100 records from a server on loopback, and reads the same pages with a client that throws
// them away, which is what the server needs to serve them; each in a process of its own, in turns, for servers that take so many
// milliseconds for a page besides their work. Prints medians, the best, the ratios and the most memory that each held. Fails when
// 1,000 pages take more than 50 MiB above what 10 pages take, or the best fetch from a server that takes its time is above 1.3.
const { values } = parseArgs({
  options: {
    pages: { type: 'string', default: '1000' },
    parallel: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '3' },
    delay: { type: 'string', default: '0,10,50' },
  },
});
const MOST_MORE_MIB = 50;
const MOST_RATIO = 1.3;
/** As `npm start` has it. */
const FLAGS = ['--max-semi-space-size=8', '--initial-old-space-size=64', '--heap-growing-percent=50'];

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
  return spawn(process.execPath, [...FLAGS, script, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
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

function summarise(what: string, runs: Measured[]) {
  const of = (key: 'ms' | 'cpu' | 'rss') => Math.round(median(runs.map((run) => run[key])));
  return {
    what,
    ms: of('ms'),
    best: Math.round(Math.min(...runs.map(({ ms }) => ms))),
    cpu: of('cpu'),
    rss: of('rss'),
  };
}

/** @returns what was too much */
async function compare(delay: string): Promise<string[]> {
  const server = start('server', [delay]);
  try {
    const origin = await firstLine(server);
    const reads: Measured[] = [];
    const fetches: Measured[] = [];
    const few: Measured[] = [];
    for (let round = 0; round < Number(values.rounds); round++) {
      reads.push(await measure('read', origin, values.pages));
      fetches.push(await measure('fetch', origin, values.pages));
      few.push(await measure('fetch', origin, '10'));
    }
    const [read, fetch] = [summarise('read', reads), summarise('fetch', fetches)];
    const small = summarise('fetch 10 pages', few);
    const more = fetch.rss - small.rss;
    const ratio = fetch.best / read.best;
    console.log(`a server that takes ${delay} ms for a page besides its work`);
    console.table([read, fetch, small]);
    console.log(
      `ratio ${(fetch.ms / read.ms).toFixed(2)}, of the best ${ratio.toFixed(2)}, of processor time ` +
        `${(fetch.cpu / read.cpu).toFixed(1)}; ${more} MiB more than for 10 pages`,
    );
    return [
      ...(more > MOST_MORE_MIB
        ? [`${delay} ms: expected at most ${MOST_MORE_MIB} MiB more, got ${more}`]
        : []),
      ...(Number(delay) >= 10 && ratio > MOST_RATIO
        ? [`${delay} ms: expected a ratio of at most ${MOST_RATIO}, got ${ratio.toFixed(2)}`]
        : []),
    ];
  } finally {
    server.kill();
  }
}

const faults: string[] = [];
for (const delay of values.delay.split(',')) faults.push(...(await compare(delay)));
if (faults.length > 0) throw new Error(faults.join('; '));
