import { HttpService } from '@nestjs/axios';
import {
  exhaustMap,
  firstValueFrom,
  lastValueFrom,
  map,
  type Observable,
  switchMap,
  takeUntil,
  takeWhile,
  timer,
} from 'rxjs';
import type { RunReport } from './print-run.js';

const LONGEST_RUN_MS = 120_000;

const isUnderWay = ({ state }: RunReport) => state === 'queued' || state === 'running';

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

  /** Triggers a run and waits for its end, two minutes at most; then it is returned as it is. */
  async run(pipeline: string): Promise<RunReport> {
    const triggered = this.post<RunReport>('/trigger-job', { pipeline, monitor: false });
    const end = triggered.pipe(
      switchMap(({ id }) => timer(0, 100).pipe(exhaustMap(() => this.get<RunReport>(`/runs/${id}`)))),
      takeWhile(isUnderWay, true),
      takeUntil(timer(LONGEST_RUN_MS)),
    );
    return lastValueFrom(end);
  }

  private get<T>(path: string): Observable<T> {
    return this.http.get<T>(this.url + path).pipe(map(({ data }) => data));
  }

  private post<T>(path: string, body: unknown, headers = {}): Observable<T> {
    return this.http.post<T>(this.url + path, body, { headers }).pipe(map(({ data }) => data));
  }
}
