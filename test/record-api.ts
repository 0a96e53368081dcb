import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ApiServer, type SeenRequest, startApiServer } from './api-server.js';

export type ApiRecord = Record<string, unknown>;

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Which requests are meant. */
interface Asked {
  path: string;
  query: Record<string, string>;
}

/** An API with lists of records: `GET /<path>?offset=…&limit=…&since=…` answers `{"data": […]}`. */
export class RecordApi {
  /** What each path answers; a path that is not there is a 404. */
  readonly lists = new Map<string, ApiRecord[]>();
  /** The member of a record that `since` is about; a record at the very value is given, too. */
  sinceField = 'updated_at';
  /** Without this value in `Authorization` a request is a 401. */
  authorization: string | null = null;
  private readonly faults: { asked: Asked; answer: Answer }[] = [];
  private server!: ApiServer;

  static async start(): Promise<RecordApi> {
    const api = new RecordApi();
    api.server = await startApiServer((request, response) => api.answer(request, response));
    return api;
  }

  get origin(): string {
    return this.server.origin;
  }

  /** As MILLRACE_API_HOSTS lists it. */
  get host(): string {
    return `127.0.0.1:${this.server.port}`;
  }

  get seen(): SeenRequest[] {
    return this.server.seen;
  }

  /** Paths and queries of the requests for a path since the last call with the same. */
  asked(path: string): string[] {
    const all = this.seen.filter(({ url }) => new URL(url, this.origin).pathname === path);
    const known = this.told.get(path) ?? 0;
    this.told.set(path, all.length);
    return all.slice(known).map(({ url }) => url);
  }
  private readonly told = new Map<string, number>();

  /** Requests for a path, with these parameters, are answered otherwise until the returned function is called. */
  fail(path: string, query: Record<string, string>, answer: Answer): () => void {
    const fault = { asked: { path, query }, answer };
    this.faults.push(fault);
    return () => void this.faults.splice(this.faults.indexOf(fault), 1);
  }

  close(): Promise<void> {
    return this.server.close();
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '', this.origin);
    const fault = this.faults.find(({ asked }) => isFor(asked, pathname, searchParams));
    if (fault) return fault.answer(request, response);
    const list = this.lists.get(pathname);
    const isLetIn = this.authorization === null || request.headers.authorization === this.authorization;
    if (!isLetIn || !list) {
      response.writeHead(isLetIn ? 404 : 401, { 'content-type': 'application/json' });
      response.end('{"error":"no"}');
      return;
    }
    const since = searchParams.get('since');
    const wanted = since === null ? list : list.filter((record) => String(record[this.sinceField]) >= since);
    const offset = Number(searchParams.get('offset') ?? 0);
    const data = wanted.slice(offset, offset + Number(searchParams.get('limit') ?? 1_000));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ data }));
  }
}

function isFor({ path, query }: Asked, pathname: string, params: URLSearchParams): boolean {
  return path === pathname && Object.entries(query).every(([name, value]) => params.get(name) === value);
}

/** Answers with a status and nothing else. */
export const status =
  (code: number): Answer =>
  (_request, response) => {
    response.writeHead(code).end();
  };

export const numbered = (from: number, count: number): ApiRecord[] =>
  Array.from({ length: count }, (_, n) => ({ id: from + n, name: `name ${from + n}` }));
