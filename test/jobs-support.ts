import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { RunDto } from '../src/jobs/run.dto.js';

type Found<T> = Exclude<T, false | null | undefined>;

/** Nothing that a test waits for takes so long: it ends only what waits in vain, however slow or busy the machine is. */
const PATIENCE_SECONDS = 180;

/** Asks again and again until the answer is a true one; for states that others bring about. */
export async function until<T>(look: () => Promise<T> | T, seconds = PATIENCE_SECONDS): Promise<Found<T>> {
  // A clock that nobody sets: a machine may be given another time meanwhile.
  for (const end = performance.now() + seconds * 1_000; performance.now() < end; await delay(20)) {
    const seen = await look();
    if (seen) return seen as Found<T>;
  }
  throw new Error(`waited ${seconds} s in vain for: ${look.toString()}`);
}

export interface Answer<T> {
  status: number;
  headers: Headers;
  body: T;
}

/** The service as its users see it. */
export class Service {
  constructor(readonly url: string) {}

  async call<T = Record<string, unknown>>(
    method: string,
    path: string,
    init: RequestInit = {},
  ): Promise<Answer<T>> {
    // A connection that was kept may be closed at the moment of the next call, where a process was held up for seconds.
    const headers = { ...(init.headers as Record<string, string>), connection: 'close' };
    const response = await fetch(`${this.url}${path}`, { method, ...init, headers });
    const text = await response.text();
    const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      body: (isJson ? JSON.parse(text) : text) as T,
    };
  }

  get<T = Record<string, unknown>>(path: string, headers: Record<string, string> = {}): Promise<Answer<T>> {
    return this.call<T>('GET', path, { headers });
  }

  post<T = Record<string, unknown>>(
    path: string,
    body: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> {
    return this.call<T>('POST', path, {
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  }

  /** Uploads a config; throws the problem when it is refused. */
  async upload(yaml: string): Promise<void> {
    const { status, body } = await this.call('POST', '/upload-config', {
      headers: { 'content-type': 'application/yaml' },
      body: yaml,
    });
    if (status !== 201) throw new Error(`upload: ${JSON.stringify(body)}`);
  }

  /** Triggers a run and waits for its end, whatever that is. */
  async run(body: object): Promise<RunDto> {
    const { status, body: run } = await this.post<RunDto>('/trigger-job', body);
    if (status !== 202) throw new Error(`trigger: ${JSON.stringify(run)}`);
    return this.ended(run.id);
  }

  /** All that a run has logged which is over: its last lines come to the disk a moment after the run's end. */
  async logOf(id: string, search = ''): Promise<string> {
    return until(async () => {
      const { status, body } = await this.get<string>(`/runs/${id}/log${search}`);
      return status === 200 && /\brun (succeeded|failed|cancelled)/.test(body) && body;
    });
  }

  async ended(id: string, seconds = PATIENCE_SECONDS): Promise<RunDto> {
    return until(async () => {
      const { body } = await this.get<RunDto>(`/runs/${id}`);
      return (body.state === 'succeeded' || body.state === 'failed') && body;
    }, seconds);
  }
}

/** One statement on a database of its own connection. */
export async function query<T extends object>(
  url: string,
  sql: string,
  values: unknown[] = [],
): Promise<T[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<T>(sql, values)).rows;
  } finally {
    await client.end();
  }
}

export async function countRows(url: string, table: string): Promise<number> {
  const [row] = await query<{ count: string }>(url, `SELECT count(*) FROM ${table}`);
  return Number(row!.count);
}
