import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import jsonServer from 'json-server';
import { query, Service } from './jobs-support.js';
import { createApp, type TestApp } from './support.js';

interface Movie {
  id: number;
  Title: string | number | null;
  'US Gross': number | null;
  'IMDB Rating': number | null;
  'Release Date': string;
}

const movies = JSON.parse(
  await readFile(new URL('../node_modules/vega-datasets/data/movies.json', import.meta.url), 'utf8'),
) as Movie[];
const records = movies.map((movie, index) => ({ ...movie, id: index + 1 }));

const config = (url: string, pagination: string) => `
pipeline: movies
monitor: false
table: movies
sources:
  - type: api
    url: ${url}/movies
    query: { _limit: '200' }
    pagination: ${pagination}
`;

let app: TestApp;
let service: Service;
let server: Server;
let url: string;
let db: { push(movie: object): void; get(): Movie[] };
let asked: string[] = [];

beforeAll(async () => {
  const router = jsonServer.router<{ movies: object[] }>({
    movies: records.map((record) => ({ ...record })),
  });
  const served = jsonServer.create();
  served.use((request, _response, next) => {
    asked.push(request.url);
    next();
  });
  served.use(router);
  server = served.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stored = router.db.get('movies');
  db = { push: (movie) => stored.push(movie).write(), get: () => stored.value() as Movie[] };
  app = await createApp({ env: { MILLRACE_API_HOSTS: '127.0.0.1' } });
  service = new Service(app.url);
});

afterAll(async () => {
  await app.close();
  server.closeAllConnections();
  server.close();
});

describe('json-server, paged by Link headers', () => {
  it('loads every record of every page, once', async () => {
    await service.upload(config(`${url}`, 'auto').replace("_limit: '200'", "_page: '1', _limit: '200'"));
    const run = await service.run({ pipeline: 'movies' });
    expect(run.error).toBeNull();
    const [stream] = run.streams;
    expect(stream).toMatchObject({ read: records.length, inserted: records.length, rejected: 0 });
    expect(stream!.files).toHaveLength(Math.ceil(records.length / 200));
    expect(stream!.files[0]).toMatchObject({ read: 200, url: expect.stringContaining('_page=1') });
    const rows = await query<{ record: Movie }>(
      app.database.url,
      `SELECT jsonb_build_object('id', id, 'Title', title, 'US Gross', us_gross, 'IMDB Rating', imdb_rating,
                'Release Date', release_date) AS record FROM public.movies ORDER BY id`,
    );
    expect(rows.map(({ record }) => record)).toEqual(db.get().map(shown));
  });

  it('asked for each page once, in order', () => {
    const pages = asked.map((path) => new URL(path, url).searchParams.get('_page'));
    expect(pages).toEqual(Array.from({ length: Math.ceil(records.length / 200) }, (_, n) => String(n + 1)));
  });

  it('loads nothing when nothing changed, and then the one new record', async () => {
    asked = [];
    const second = await service.run({ pipeline: 'movies' });
    expect(second).toMatchObject({ state: 'succeeded', streams: [{ state: 'unchanged', inserted: 0 }] });
    expect(asked).toHaveLength(Math.ceil(records.length / 200));
    db.push({ ...records[0], id: records.length + 1 });
    const third = await service.run({ pipeline: 'movies' });
    expect(third.streams[0]).toMatchObject({ inserted: 1, duplicate: records.length, rejected: 0 });
  });
});

/** What the table shows of a record: the columns that the query names, as the types that were inferred. */
function shown(movie: Movie): Movie {
  const { id, 'US Gross': gross, 'IMDB Rating': rating, 'Release Date': date } = movie;
  const title = movie.Title === null ? null : String(movie.Title);
  return { id, Title: title, 'US Gross': gross, 'IMDB Rating': rating, 'Release Date': date };
}
