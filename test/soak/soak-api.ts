import { setTimeout as delay } from 'node:timers/promises';
import type { MonitorListDto } from '../../src/jobs/monitor.dto.js';
import type { RunDto, RunPageDto, RunSummaryDto } from '../../src/jobs/run.dto.js';
import { type Answer, Service } from '../jobs-support.js';
import type { SoakService } from './soak-service.js';
import type { Violations } from './violations.js';

const PATIENCE_MS = 30_000;

/** The calls that the soak makes. An answer is null where the service gave none, which it may while it is disturbed. */
export class SoakApi {
  /** How often which answer came, such as `POST /trigger-job 202`. */
  readonly answers = new Map<string, number>();

  constructor(
    private readonly service: SoakService,
    private readonly violations: Violations,
  ) {}

  async call<T>(method: string, path: string, init: RequestInit = {}): Promise<Answer<T> | null> {
    const { url, isSteady } = this.service;
    if (!url) return null;
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const answer = await new Service(url).call<T>(method, path, { ...init, signal }).catch(() => null);
    const status = answer?.status ?? 'none';
    const wasSteady = isSteady && this.service.isSteady;
    const call = `${method} /${path.split(/[/?]/)[1]}`;
    this.answers.set(`${call} ${status}`, (this.answers.get(`${call} ${status}`) ?? 0) + 1);
    if (status === 500 || (wasSteady && (status === 'none' || status >= 500))) {
      const got = `${status}: ${JSON.stringify(answer?.body ?? null).slice(0, 300)}`;
      this.violations.add(`${method} ${path}`, {
        expected: 'an answer that is no fault of the service',
        got,
      });
    }
    return answer;
  }

  post<T>(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer<T> | null> {
    const type = { 'content-type': 'application/json' };
    return this.call<T>('POST', path, { headers: { ...type, ...headers }, body: JSON.stringify(body) });
  }

  upload(yaml: string): Promise<Answer<{ version: number }> | null> {
    return this.call('POST', '/upload-config', {
      headers: { 'content-type': 'application/yaml' },
      body: yaml,
    });
  }

  /** The newest runs, the newest first; null when there is no answer. */
  async runs(query: string): Promise<RunSummaryDto[] | null> {
    const answer = await this.call<RunPageDto>('GET', `/runs?${query}`);
    return answer?.status === 200 ? answer.body.items : null;
  }

  async monitors(): Promise<MonitorListDto['items'] | null> {
    const answer = await this.call<MonitorListDto>('GET', '/monitors');
    return answer?.status === 200 ? answer.body.items : null;
  }

  /** The whole history, each run with its files, the oldest first. Only for a service that is left in peace. */
  async history(): Promise<RunDto[]> {
    const runs: RunDto[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page: RunPageDto = await this.insist(`/runs?limit=100${query}`);
      for (const { id } of page.items) runs.push(await this.insist<RunDto>(`/runs/${id}`));
      cursor = page.nextCursor;
    }
    return runs.reverse();
  }

  /** @throws when there is no good answer, after a few tries */
  async insist<T>(path: string): Promise<T> {
    let answer: Answer<T> | null = null;
    for (let tries = 0; tries < 3; tries++) {
      answer = await this.call<T>('GET', path);
      if (answer?.status === 200) return answer.body;
      await delay(1_000);
    }
    throw new Error(`GET ${path}: expected 200, got ${answer?.status} ${JSON.stringify(answer?.body)}`);
  }
}
