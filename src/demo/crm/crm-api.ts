import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { CrmTables } from './crm-data.js';

export interface CrmLogin {
  apikey: string;
  email: string;
  password: string;
}

/** More than that in one answer is cut, as Supabase does by default. */
const mostRows = 1_000;
const tokenSeconds = 3_600;

/**
 * A web API on loopback that speaks as Supabase does: an API key in every request, a token for e-mail and password, and
 * tables a thousand rows at a time by Range. It stands in for the real one in the example.
 */
export class CrmApi {
  private readonly server: Server;
  private readonly tokens = new Set<string>();

  constructor(
    private readonly tables: CrmTables,
    private readonly login: CrmLogin,
  ) {
    this.server = createServer((request, response) => {
      this.answer(request, response).catch((error: unknown) => {
        send(response, 500, { message: error instanceof Error ? error.message : 'unknown' });
      });
    });
  }

  /** @returns its address */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => {
      this.server.close(resolve);
      this.server.closeAllConnections();
    });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (request.headers['apikey'] !== this.login.apikey)
      return send(response, 401, { message: 'No API key found' });
    if (pathname === '/auth/v1/token') return this.logIn(request, response);
    if (!this.tokens.has(request.headers.authorization ?? ''))
      return send(response, 401, { message: 'JWT expected' });
    const rows = this.tables[pathname.replace('/rest/v1/', '')];
    if (rows === undefined) return send(response, 404, { message: 'no such table' });
    const [from = 0, to = Infinity] = (/^(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [])
      .slice(1)
      .map(Number);
    const page = rows.slice(from, Math.min(to + 1, from + mostRows));
    const range = page.length === 0 ? `*/${rows.length}` : `${from}-${from + page.length - 1}/${rows.length}`;
    response.setHeader('content-range', range);
    return send(response, page.length === rows.length ? 200 : 206, page);
  }

  private async logIn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { email, password } = JSON.parse(await text(request)) as Partial<CrmLogin>;
    if (email !== this.login.email || password !== this.login.password)
      return send(response, 400, { message: 'Invalid login credentials' });
    const token = randomUUID();
    this.tokens.add(`Bearer ${token}`);
    return send(response, 200, { access_token: token, token_type: 'bearer', expires_in: tokenSeconds });
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
