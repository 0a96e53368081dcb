import type { EndedRun, RunMetrics } from './run-metrics.js';
import type { StreamReport, StreamState } from './run-report.js';

/** The stages of a stream, in order; any other way out of one is no end of it. */
const NEXT: Partial<Record<StreamState, StreamState>> = {
  extracting: 'staging',
  staging: 'loading',
  loading: 'writing',
  writing: 'succeeded',
};

interface Step {
  state: StreamState;
  since: number;
}

/** Follows one run for the metrics. */
export class RunMeter {
  private steps: Step[] = [];
  private streams: StreamReport[] = [];

  constructor(private readonly metrics: RunMetrics) {}

  /** What the streams are at now is durable. */
  see(streams: StreamReport[]): void {
    const now = performance.now();
    this.steps = streams.map(({ state }, index) => this.step(this.steps[index], state, now));
    this.streams = streams;
  }

  /** The run is over. */
  end(run: EndedRun): void {
    this.metrics.endRun(run, this.streams);
  }

  private step(last: Step | undefined, state: StreamState, now: number): Step {
    if (last?.state === state) return last;
    if (last && NEXT[last.state] === state) this.metrics.endStage(last.state, (now - last.since) / 1_000);
    return { state, since: now };
  }
}
