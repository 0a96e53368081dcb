import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { Gauge, Registry } from 'prom-client';
import type { Repository } from 'typeorm';
import type { RunState } from './run-report.js';
import { Run } from './run.entity.js';
import { SharedLook } from './shared-look.js';

type RunCounts = Partial<Record<RunState, number>>;

/** What there is to do at one moment; ages in seconds. */
interface Open {
  runs: RunCounts;
  queueAge: number;
  monitorLag: number;
  monitors: number;
  schedules: number;
}

const OPEN_STATES: RunState[] = ['queued', 'running'];
const ENDED_STATES: RunState[] = ['succeeded', 'failed', 'cancelled'];

/** Reads the ends of indexes and small tables. */
const OPEN = `
  SELECT
    ${countRuns(OPEN_STATES)} AS "runs",
    ${age(`SELECT queued_at FROM millrace.runs WHERE state = 'queued' ORDER BY id LIMIT 1`)} AS "queueAge",
    ${age('SELECT next_look_at FROM millrace.monitors ORDER BY next_look_at LIMIT 1')} AS "monitorLag",
    (SELECT count(*)::int FROM millrace.monitors) AS "monitors",
    (SELECT count(*)::int FROM millrace.schedules) AS "schedules"`;

/** Counts the whole history: nobody waits for that, and it is not done often. */
const ENDED = `SELECT ${countRuns(ENDED_STATES)} AS "runs"`;

const openKeptMs = 2_000;
const endedKeptMs = 10_000;

/** What the service database holds, as gauges that are left out while it does not answer. */
@Injectable()
export class QueueGauges implements OnApplicationBootstrap {
  private readonly open = new SharedLook(() => this.query<Open>(OPEN), openKeptMs);
  private asked: Promise<Open | null> | null = null;
  private readonly ended = new SharedLook(() => this.query<{ runs: RunCounts }>(ENDED), endedKeptMs);

  constructor(
    @InjectRepository(Run) private readonly runs: Repository<Run>,
    @InjectPinoLogger(QueueGauges.name) private readonly logger: PinoLogger,
    private readonly registry: Registry,
  ) {
    this.addRuns();
    this.addValue('queue_depth', 'Runs that wait for a worker', ({ runs: counts }) => counts.queued ?? 0);
    this.addValue('queue_age_seconds', 'How long the oldest of them has waited', (open) => open.queueAge);
    this.addValue('monitor_lag_seconds', 'How late the most overdue look is', (open) => open.monitorLag);
    this.addValue('monitors', 'Pipelines that are monitored', ({ monitors }) => monitors);
    this.addValue('schedules', 'Pipelines that have a schedule', ({ schedules }) => schedules);
    this.add('database_up', 'Whether the service database answers: 1 or 0', [], async (gauge) => {
      gauge.set((await this.openNow()) ? 1 : 0);
    });
  }

  /** So that the first who scrapes need not wait for it. */
  onApplicationBootstrap(): void {
    void this.ended.known();
  }

  private addRuns(): void {
    this.add('runs', 'Runs that are stored, by their state', ['state'], async (gauge) => {
      const [open, ended] = await Promise.all([this.openNow(), this.ended.known()]);
      gauge.reset();
      const show = (states: RunState[], counts: RunCounts) =>
        states.forEach((state) => gauge.set({ state }, counts[state] ?? 0));
      if (open) show(OPEN_STATES, open.runs);
      if (open && ended) show(ENDED_STATES, ended.runs);
    });
  }

  private addValue(name: string, help: string, valueOf: (open: Open) => number): void {
    this.add(name, help, [], async (gauge) => {
      const open = await this.openNow();
      if (open) gauge.set(valueOf(open));
      else gauge.remove();
    });
  }

  private add(name: string, help: string, labelNames: string[], show: (gauge: Gauge) => Promise<void>): void {
    const collect = () => show(gauge);
    const gauge: Gauge = new Gauge({ name: `millrace_${name}`, help, labelNames, registers: [], collect });
    this.registry.registerMetric(gauge);
  }

  /** All gauges of an answer ask in one turn, and tell of one look. */
  private openNow(): Promise<Open | null> {
    if (!this.asked) setImmediate(() => (this.asked = null));
    return (this.asked ??= this.open.fresh());
  }

  private async query<T>(sql: string): Promise<T | null> {
    try {
      const [row] = (await this.runs.query(sql)) as [T];
      return row;
    } catch (error) {
      this.logger.warn({ err: error }, 'the figures of the service database cannot be read');
      return null;
    }
  }
}

/** Runs by state, as an object. */
function countRuns(states: RunState[]): string {
  const list = states.map((state) => `'${state}'`).join(', ');
  return `(SELECT coalesce(jsonb_object_agg(state, n), '{}')
       FROM (SELECT state, count(*) AS n FROM millrace.runs WHERE state IN (${list}) GROUP BY state) AS counts)`;
}

/** Seconds since the moment that a query gives; 0 when it gives none or one that is still to come. */
function age(moment: string): string {
  return `greatest(0, coalesce(extract(epoch FROM clock_timestamp() - (${moment})), 0))::float8`;
}
