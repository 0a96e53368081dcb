import { parseArgs } from 'node:util';
import { BUSY, fillEvents, fillHistory, QUIET } from './fill-history.js';
import { query } from './jobs-support.js';
import startPostgres from './start-postgres.js';
import stopPostgres from './stop-postgres.js';
import { createApp, type TestApp } from './support.js';

// npm run check:history -- --runs 100000 --times 5 --limit 50
// Stores that many runs, asks GET /runs with every mixture of filters, over HTTP, one request after the other, and fails
// when the 99th percentile of one is above the limit, in milliseconds. The last line is that of GET /health: what the machine
// and HTTP take by themselves.
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '100000' },
    times: { type: 'string', default: '5' },
    limit: { type: 'string', default: '50' },
  },
});
const DAYS = 90;
const HEALTH = 'GET /health';

const FILTERS = {
  pipeline: [BUSY, QUIET, 'unknown'],
  state: ['succeeded', 'failed', 'cancelled', 'queued'],
  trigger: ['manual', 'schedule', 'replay'],
  since: [1 / 24, 30, 2 * DAYS].map((days) => new Date(Date.now() - days * 86_400_000).toJSON()),
};
type Name = keyof typeof FILTERS;

/** Each name with each of its values, and without any. */
function mixtures(names: Name[]): Partial<Record<Name, string>>[] {
  const [first, ...rest] = names;
  if (first === undefined) return [{}];
  const others = mixtures(rest);
  return [
    ...others,
    ...FILTERS[first].flatMap((value) => others.map((other) => ({ [first]: value, ...other }))),
  ];
}

interface Timing {
  matches: number;
  milliseconds: number[];
}

interface Answer {
  items?: unknown[];
  nextCursor?: string | null;
}

async function ask(url: string, timing: Timing): Promise<Answer> {
  const started = performance.now();
  const response = await fetch(url);
  const body = (await response.json()) as Answer;
  timing.milliseconds.push(performance.now() - started);
  if (response.status !== 200) throw new Error(`expected 200, got ${JSON.stringify(body)}`);
  timing.matches += body.items?.length ?? 0;
  return body;
}

/** First pages and, where there are more, second ones and one in the middle of the history. */
async function measure({ url }: TestApp, middle: string, times: number): Promise<Map<string, Timing>> {
  const timings = new Map<string, Timing>();
  const timingOf = (kind: string) => {
    const timing = timings.get(kind) ?? { matches: 0, milliseconds: [] };
    timings.set(kind, timing);
    return timing;
  };
  const all = mixtures(['pipeline', 'state', 'trigger', 'since']);
  for (let time = 0; time < times; time++) {
    for (const mixture of all) {
      const timing = timingOf(Object.keys(mixture).join(' + ') || 'none');
      const get = (more: object) =>
        ask(`${url}/runs?${new URLSearchParams({ ...mixture, ...more })}`, timing);
      const { nextCursor: cursor } = await get({});
      if (cursor) await get({ cursor });
      if (cursor) await get({ cursor: middle });
    }
  }
  for (let time = 0; time < times * 100; time++) await ask(`${url}/health`, timingOf(HEALTH));
  return timings;
}

function quantile(sorted: number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

function report(timings: Map<string, Timing>): number {
  const rows = [...timings].map(([filters, { matches, milliseconds }]) => {
    const sorted = milliseconds.toSorted((a, b) => a - b);
    const [p50, p99, max] = [0.5, 0.99, 1].map((part) => Number(quantile(sorted, part).toFixed(1)));
    return { filters, requests: sorted.length, rows: Math.round(matches / sorted.length), p50, p99, max };
  });
  console.table(rows);
  return Math.max(...rows.filter(({ filters }) => filters !== HEALTH).map(({ p99 }) => p99 ?? 0));
}

async function check(): Promise<void> {
  const app = await createApp();
  try {
    await fillHistory(app.database.url, { runs: Number(values.runs), days: DAYS });
    await fillEvents(app.database.url);
    const [middle] = await query<{ cursor: string }>(
      app.database.url,
      `SELECT translate(encode(id::text::bytea, 'base64'), E'\\n', '') AS cursor
         FROM millrace.runs ORDER BY id OFFSET $1 LIMIT 1`,
      [Math.floor(Number(values.runs) / 2)],
    );
    console.log(`GET /runs, 50 of ${values.runs} runs an answer, milliseconds`);
    await measure(app, middle!.cursor, 1);
    const worst = report(await measure(app, middle!.cursor, Number(values.times)));
    if (worst > Number(values.limit)) throw new Error(`expected at most ${values.limit} ms, got ${worst}`);
  } finally {
    await app.close();
  }
}

await startPostgres();
try {
  await check();
} finally {
  await stopPostgres();
}
