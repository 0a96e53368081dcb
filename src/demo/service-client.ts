import type { RunReport } from './print-run.js';

/** Talks to a service as any user does, by its REST calls. */
export class ServiceClient {
  constructor(private readonly url: string) {}

  /** @returns the new version */
  async uploadConfig(yaml: string): Promise<number> {
    const headers = { 'content-type': 'application/yaml' };
    const answer = await this.call('/upload-config', { method: 'POST', headers, body: yaml });
    return (answer as { version: number }).version;
  }

  /** Triggers a run and waits for its end, a minute at most. */
  async run(pipeline: string): Promise<RunReport> {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ pipeline, monitor: false });
    let run = (await this.call('/trigger-job', { method: 'POST', headers, body })) as RunReport;
    const end = Date.now() + 60_000;
    while (run.state === 'queued' || run.state === 'running') {
      if (Date.now() > end)
        throw new Error(`expected run ${run.id} to end within a minute, it is ${run.state}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
      run = (await this.call(`/runs/${run.id}`)) as RunReport;
    }
    return run;
  }

  private async call(path: string, request?: RequestInit): Promise<unknown> {
    const response = await fetch(this.url + path, request);
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${JSON.stringify(answer)}`);
    return answer;
  }
}
