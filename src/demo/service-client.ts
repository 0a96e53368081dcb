import type { Readable } from 'node:stream';
import { HttpService } from '@nestjs/axios';
import { firstValueFrom, map, type Observable } from 'rxjs';
import { type Follower, followRun } from './follow-run.js';
import type { RunReport } from './print-run.js';

const LONGEST_RUN_MS = 120_000;

/** Talks to a service as any user does, by its REST calls. */
export class ServiceClient {
  private readonly http = new HttpService();

  constructor(private readonly url: string) {}

  /** @returns the new version */
  async uploadConfig(yaml: string): Promise<number> {
    const headers = { 'content-type': 'application/yaml' };
    const { version } = await firstValueFrom(this.post<{ version: number }>('/upload-config', yaml, headers));
    return version;
  }

  /** Triggers a run and follows it to its end, two minutes at most; then it is returned as it is. */
  async run(pipeline: string, follower: Follower): Promise<RunReport> {
    const { id } = await firstValueFrom(this.post<RunReport>('/trigger-job', { pipeline, monitor: false }));
    const events = this.http.get<Readable>(`${this.url}/runs/${id}/events`, {
      responseType: 'stream',
      signal: AbortSignal.timeout(LONGEST_RUN_MS),
    });
    await followRun((await firstValueFrom(events)).data, follower);
    return firstValueFrom(this.get<RunReport>(`/runs/${id}`));
  }

  private get<T>(path: string): Observable<T> {
    return this.http.get<T>(this.url + path).pipe(map(({ data }) => data));
  }

  private post<T>(path: string, body: unknown, headers = {}): Observable<T> {
    return this.http.post<T>(this.url + path, body, { headers }).pipe(map(({ data }) => data));
  }
}
