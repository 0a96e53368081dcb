import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DataSource } from 'typeorm';
import { historyQuery, type RunFilter } from '../src/jobs/list-runs.js';
import { firstIdAt } from '../src/jobs/page.js';
import type { RunDto } from '../src/jobs/run.dto.js';
import { Run } from '../src/jobs/run.entity.js';
import { BUSY, fillHistory, QUIET } from './fill-history.js';
import { query, Service } from './jobs-support.js';
import { createApp, type TestApp } from './support.js';

interface Runs {
  items: RunDto[];
  nextCursor: string | null;
}

type Filter = Partial<Record<'pipeline' | 'state' | 'trigger' | 'since', string>>;

const RUNS = 8_000;
const DAYS = 90;
const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toJSON();

let app: TestApp;
let service: Service;
beforeAll(async () => {
  // A sweep would take the oldest while they are read.
  app = await createApp({ env: { MILLRACE_KEEP_RUNS: '1000000', MILLRACE_KEEP_DAYS: '36500' } });
  service = new Service(app.url);
  await fillHistory(app.database.url, { runs: RUNS, days: DAYS });
});
afterAll(() => app.close());

async function page(filter: Filter, paging: Record<string, string>): Promise<Runs> {
  const parameters = new URLSearchParams({ ...filter, ...paging });
  const { status, body } = await service.get<Runs>(`/runs?${parameters.toString()}`);
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body;
}

/** What the list has to be, asked of the table itself. */
async function idsOf({ since, ...equal }: Filter): Promise<string[]> {
  const conditions = Object.entries(equal).map(([name, value]) => `${name} = '${value}'`);
  if (since) conditions.push(`queued_at >= '${since}'`);
  const sql = `SELECT id FROM millrace.runs WHERE ${['true', ...conditions].join(' AND ')} ORDER BY id DESC`;
  return (await query<{ id: string }>(app.database.url, sql)).map(({ id }) => id);
}

const optional = (...values: string[]) => fc.option(fc.constantFrom(...values), { nil: undefined });
const anyFilter = fc
  .record({
    pipeline: optional(BUSY, QUIET, 'unknown'),
    state: optional('succeeded', 'failed', 'cancelled', 'running'),
    trigger: optional('manual', 'schedule', 'monitor', 'replay'),
    since: optional(daysAgo(1), daysAgo(3), daysAgo(DAYS / 2), daysAgo(2 * DAYS)),
  })
  .map((all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Filter);

describe('the history', () => {
  it('has what fits the filters, page by page, whatever they are', async () => {
    const law = fc.asyncProperty(anyFilter, fc.integer({ min: 1, max: 100 }), async (filter, limit) => {
      const all = await idsOf(filter);
      const found: string[] = [];
      let cursor: string | null = '';
      // A few pages of each: from the top, and after the middle.
      while (cursor !== null && found.length < 3 * limit) {
        const { items, nextCursor } = await page(filter, { limit: String(limit), ...(cursor && { cursor }) });
        found.push(...items.map(({ id }) => id));
        expect(nextCursor === null).toBe(found.length === all.length);
        cursor = nextCursor;
      }
      expect(found).toEqual(all.slice(0, found.length));
      const at = Math.floor(all.length / 2);
      if (all.length === 0) return;
      const middle = Buffer.from(all[at]!).toString('base64url');
      const { items } = await page(filter, { limit: String(limit), cursor: middle });
      expect(items.map(({ id }) => id)).toEqual(all.slice(at + 1, at + 1 + limit));
    });
    await fc.assert(law, { numRuns: 60, endOnFailure: true });
  });

  it('reads what it answers and little else, also where nothing fits', async () => {
    const source = app.app.get(DataSource);
    const filters = [
      { pipeline: BUSY },
      { state: 'failed' },
      { state: 'failed', trigger: 'schedule' },
      { pipeline: BUSY, state: 'failed', trigger: 'schedule' },
      { pipeline: BUSY, state: 'cancelled' },
      { pipeline: QUIET, trigger: 'replay' },
      { pipeline: 'unknown' },
      { state: 'cancelled', since: daysAgo(1) },
      { trigger: 'replay' },
      { state: 'queued' },
      { since: daysAgo(1) },
      {},
    ];
    for (const filter of filters) {
      const since = filter.since === undefined ? {} : { since: new Date(filter.since) };
      const built = historyQuery(source.getRepository(Run), { ...filter, ...since, limit: 50 } as RunFilter);
      const [sql, values] = built.getQueryAndParameters();
      const [row] = await source.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${sql}`, values);
      const { Plan: plan } = row['QUERY PLAN'][0] as { Plan: Plan };
      const named = Object.keys(filter).filter((name) => name !== 'since');
      expect(indexOf(plan)).toBe(['runs', ...(named.length > 0 ? named : ['pkey'])].join('_'));
      // A block for each of 51 rows at most, and those of the index above them; all runs are 1,600.
      expect(plan['Shared Hit Blocks'] + plan['Shared Read Blocks']).toBeLessThan(60);
    }
  });

  it('goes on where a page ended, though runs are added meanwhile', async () => {
    const before = await idsOf({ pipeline: BUSY, state: 'failed' });
    const found: string[] = [];
    let cursor: string | null = '';
    for (let n = 0; cursor !== null && found.length < 500; n++) {
      const paging = { limit: '50', ...(cursor && { cursor }) };
      const next: Runs = await page({ pipeline: BUSY, state: 'failed' }, paging);
      found.push(...next.items.map(({ id }) => id));
      cursor = next.nextCursor;
      await addRun(new Date(), n, 'failed');
    }
    expect(found).toEqual(before.slice(0, found.length));
    expect((await page({ pipeline: BUSY, state: 'failed' }, { limit: '1' })).items[0]!.id).not.toBe(
      before[0],
    );
  });
});

describe('since', () => {
  const AT = Date.parse('2031-05-01T12:00:00Z');

  it('takes in the moment itself, to the millisecond, in any offset', async () => {
    // The id is made a little before the moment is taken.
    const id = await addRun(new Date(AT), 1, 'succeeded', AT - 900);
    for (const [since, fits] of [
      ['2031-05-01T12:00:00Z', true],
      ['2031-05-01T12:00:00.001Z', false],
      ['2031-05-01T17:45:00+05:45', true],
      ['2031-05-01T07:00:00.001-05:00', false],
    ] as const) {
      const { items } = await page({ since }, { limit: '1' });
      expect([since, items.map((run) => run.id)]).toEqual([since, fits ? [id] : []]);
    }
  });

  it.each([
    ['yesterday', 'got "yesterday"'],
    ['2026-11-21', 'got "2026-11-21"'],
    ['2026-11-21T06:00:00', 'got "2026-11-21T06:00:00"'],
    ['2026-02-30T06:00:00Z', 'got "2026-02-30T06:00:00Z"'],
    ['', 'got ""'],
    [
      '2026-11-21T06:00:00Z&since=2026-11-22T06:00:00Z',
      'got ["2026-11-21T06:00:00Z","2026-11-22T06:00:00Z"]',
    ],
  ])('refuses %s', async (since, got) => {
    const { status, body } = await service.get(`/runs?since=${since}`);
    expect(status).toBe(400);
    const expected = 'since: expected a date and time with an offset such as 2026-11-21T06:00:00Z';
    expect(body['detail']).toBe(`the request has 1 error: ${expected}, ${got}`);
  });
});

it('a pipeline that no text can name has no runs', async () => {
  expect(await service.get('/runs?pipeline=%00')).toMatchObject({ status: 400 });
});

/** @returns its id */
async function addRun(
  queuedAt: Date,
  n: number,
  state: string,
  idTime = queuedAt.getTime(),
): Promise<string> {
  const id = firstIdAt(new Date(idTime)).slice(0, -4) + String(n).padStart(4, '0');
  await query(
    app.database.url,
    `INSERT INTO millrace.runs (id, pipeline, config_version, trigger, state, queued_at)
     VALUES ($1, $2, 1, 'manual', $3, $4)`,
    [id, BUSY, state, queuedAt],
  );
  return id;
}

interface Plan {
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  'Index Name'?: string;
  Plans?: Plan[];
}

/** The index that the rows come from. */
function indexOf(plan: Plan): string | undefined {
  return plan['Index Name'] ?? plan.Plans?.map(indexOf).join();
}
