import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { Gauge, Registry } from 'prom-client';
import type { Repository } from 'typeorm';
import type { RunState } from './run-report.js';
import { Run } from './run.entity.js';

/** What the service database holds at one moment; ages in seconds. */
interface Stored {
  runs: Partial<Record<RunState, number>>;
  queueAge: number;
  monitorLag: number;
  monitors: number;
  schedules: number;
}

const STATES: RunState[] = ['queued', 'running', 'succeeded', 'failed', 'cancelled'];

/** Each part reads an index or a small table. */
const STORED = `
  SELECT
    (SELECT coalesce(jsonb_object_agg(state, n), '{}')
       FROM (SELECT state, count(*) AS n FROM millrace.runs GROUP BY state) AS counts) AS "runs",
    ${age(`SELECT queued_at FROM millrace.runs WHERE state = 'queued' ORDER BY id LIMIT 1`)} AS "queueAge",
    ${age('SELECT next_look_at FROM millrace.monitors ORDER BY next_look_at LIMIT 1')} AS "monitorLag",
    (SELECT count(*)::int FROM millrace.monitors) AS "monitors",
    (SELECT count(*)::int FROM millrace.schedules) AS "schedules"`;

/** Several who scrape, or one scrape's many gauges, cost one look. */
const keptMs = 2_000;
const patienceMs = 2_000;

/** What the service database holds, as gauges that are left out while it does not answer. */
@Injectable()
export class QueueGauges {
  private looking: Promise<Stored | null> | null = null;
  private last: { stored: Stored; at: number } | null = null;

  constructor(
    @InjectRepository(Run) private readonly runs: Repository<Run>,
    @InjectPinoLogger(QueueGauges.name) private readonly logger: PinoLogger,
    private readonly registry: Registry,
  ) {
    this.add('runs', 'Runs that are stored, by their state', (gauge, stored) => {
      gauge.reset();
      if (stored) for (const state of STATES) gauge.set({ state }, stored.runs[state] ?? 0);
    });
    this.addValue('queue_depth', 'Runs that wait for a worker', ({ runs }) => runs.queued ?? 0);
    this.addValue('queue_age_seconds', 'How long the oldest of them has waited', (all) => all.queueAge);
    this.addValue('monitor_lag_seconds', 'How late the most overdue look is', (all) => all.monitorLag);
    this.addValue('monitors', 'Pipelines that are monitored', ({ monitors }) => monitors);
    this.addValue('schedules', 'Pipelines that have a schedule', ({ schedules }) => schedules);
    this.add('database_up', 'Whether the service database answers: 1 or 0', (gauge, stored) => {
      gauge.set(stored ? 1 : 0);
    });
  }

  private addValue(name: string, help: string, valueOf: (stored: Stored) => number): void {
    this.add(name, help, (gauge, stored) => {
      if (stored) gauge.set(valueOf(stored));
      else gauge.remove();
    });
  }

  private add(name: string, help: string, show: (gauge: Gauge, stored: Stored | null) => void): void {
    const labelNames = name === 'runs' ? ['state'] : [];
    const collect = async () => show(gauge, await this.look());
    const gauge: Gauge = new Gauge({ name: `millrace_${name}`, help, labelNames, registers: [], collect });
    this.registry.registerMetric(gauge);
  }

  /** null when the database does not answer in time. */
  private async look(): Promise<Stored | null> {
    if (this.last && performance.now() - this.last.at < keptMs) return this.last.stored;
    this.looking ??= this.read().finally(() => (this.looking = null));
    return Promise.race([this.looking, delay(patienceMs, null, { ref: false })]);
  }

  private async read(): Promise<Stored | null> {
    try {
      const [stored] = (await this.runs.query(STORED)) as [Stored];
      this.last = { stored, at: performance.now() };
      return stored;
    } catch (error) {
      this.logger.warn({ err: error }, 'the figures of the service database cannot be read');
      return null;
    }
  }
}

/** Seconds since the moment that a query gives; 0 when it gives none or one that is still to come. */
function age(moment: string): string {
  return `greatest(0, coalesce(extract(epoch FROM clock_timestamp() - (${moment})), 0))::float8`;
}
