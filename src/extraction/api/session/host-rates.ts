import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { Clock } from '../../await-still.js';
import { ApiRate } from './api-rate.entity.js';
import { ApiUnavailable } from '../api-errors.js';
import { awaitWithin } from './await-within.js';
import { MAX_PAUSE_MS } from './read-rate-headers.js';

/** A request may go this much before its time: what came late can be made up for, ten a second come in twos at most. */
export const BURST_MS = 100;
/** Nobody waits longer for a turn, unless three requests of the rate take longer. */
export const MAX_WAIT_MS = 60 * 60_000;
/** After a wait this long the host may have asked for quiet meanwhile. */
const LOOK_AGAIN_MS = 1_000;
const SWEEP_MS = 60 * 60_000;

// GCRA: `next_at` is the theoretical arrival time, the statement's own time is that of arrival. All moments are the database's,
// so that no process's clock counts.
const reserveSql = `
  INSERT INTO millrace.api_rates AS held (host, next_at, paused_until)
  VALUES ($1, statement_timestamp() + $2::float8 * interval '1 ms', to_timestamp(0))
  ON CONFLICT (host) DO UPDATE
    SET next_at = greatest(held.next_at, held.paused_until, statement_timestamp()) + $2::float8 * interval '1 ms'
    WHERE greatest(held.next_at - $3::float8 * interval '1 ms', held.paused_until)
      <= statement_timestamp() + $4::float8 * interval '1 ms'
  RETURNING next_at::text AS "nextAt",
    (extract(epoch FROM greatest(next_at - ($2::float8 + $3::float8) * interval '1 ms', paused_until)) * 1000)::float8 AS "slotMs",
    (extract(epoch FROM statement_timestamp()) * 1000)::float8 AS "nowMs"`;

// Only where nobody has reserved after it: their slots stay theirs.
const giveBackSql = `
  UPDATE millrace.api_rates SET next_at = next_at - $2::float8 * interval '1 ms'
  WHERE host = $1 AND next_at = $3::timestamptz`;

const pauseSql = `
  INSERT INTO millrace.api_rates AS held (host, next_at, paused_until)
  VALUES ($1, clock_timestamp(), clock_timestamp() + $2::float8 * interval '1 ms')
  ON CONFLICT (host) DO UPDATE SET paused_until = greatest(held.paused_until, excluded.paused_until)
  RETURNING (extract(epoch FROM paused_until - clock_timestamp()) * 1000)::float8 AS ms`;

const lookSql = `
  SELECT (extract(epoch FROM paused_until - clock_timestamp()) * 1000)::float8 AS ms FROM millrace.api_rates WHERE host = $1`;

const sweepSql = `
  DELETE FROM millrace.api_rates
  WHERE greatest(next_at, paused_until) < clock_timestamp() - interval '1 day'`;

export interface Turn {
  /** null: no rate is to be kept, only the quiet that the host asked for. */
  perSecond: number | null;
  clock: Clock;
  signal?: AbortSignal;
}

interface Slot {
  nextAt: string;
  /** From when on the request may be sent, in milliseconds since the epoch; may be over. */
  slotMs: number;
  nowMs: number;
}

/**
 * How soon a host may be asked, for all runs of all processes on the service's database together. A turn at a rate costs
 * one statement; without a rate the quiet that a host asks for is kept here and looked up in the database only when told to.
 * Sources that name different rates for one host share its bucket, so the slowest holds up the others.
 */
@Injectable()
export class HostRates {
  /** Until when hosts want quiet, as far as this process knows. */
  private readonly quiet = new Map<string, number>();
  /** One waits for its slot at a time: whoever is cancelled leaves no row of empty slots behind. */
  private readonly lanes = new Map<string, Promise<void>>();
  private sweptAt = 0;

  constructor(@InjectRepository(ApiRate) private readonly rates: Repository<ApiRate>) {}

  /**
   * Waits until the host may be asked.
   * @returns the moment that was granted by the database's clock, in milliseconds since the epoch; null without a rate
   * @throws ApiUnavailable where that would take too long
   */
  async turn(host: string, turn: Turn): Promise<number | null> {
    if (turn.perSecond === null) return this.awaitQuiet(host, turn, turn.clock.now() + MAX_WAIT_MS);
    const patienceMs = Math.max(MAX_WAIT_MS, (3 * 1000) / turn.perSecond);
    const until = turn.clock.now() + patienceMs;
    const before = this.lanes.get(host) ?? Promise.resolve();
    const { promise: done, resolve } = Promise.withResolvers<void>();
    const lane = before.then(() => done);
    this.lanes.set(host, lane);
    try {
      await awaitWithin(before, { signal: turn.signal, ms: patienceMs, late: () => tooLong(host) });
      return await this.takeSlot(host, turn, until);
    } finally {
      resolve();
      if (this.lanes.get(host) === lane) this.lanes.delete(host);
    }
  }

  /** The host asked for quiet: heeded here at once, and by other processes from their next turn or look on. */
  async pause(host: string, ms: number, clock: Clock): Promise<void> {
    if (ms <= this.quietMs(host, clock)) return;
    this.keepQuiet(host, ms, clock);
    const [row] = await this.rates.query<{ ms: number }[]>(pauseSql, [host, Math.min(ms, MAX_PAUSE_MS)]);
    if (row) this.keepQuiet(host, row.ms, clock);
  }

  /** Learns of the quiet that the host asked other processes for. */
  async look(host: string, clock: Clock): Promise<void> {
    const [row] = await this.rates.query<{ ms: number }[]>(lookSql, [host]);
    if (row) this.keepQuiet(host, row.ms, clock);
    if (Math.abs(clock.now() - this.sweptAt) < SWEEP_MS) return;
    this.sweptAt = clock.now();
    await this.rates.query(sweepSql);
  }

  private async takeSlot(host: string, turn: Turn, until: number): Promise<number> {
    for (;;) {
      await this.awaitQuiet(host, turn, until);
      const slot = await this.reserve(host, turn, until - turn.clock.now());
      const waitMs = Math.ceil(slot.slotMs - slot.nowMs);
      if (waitMs > 0) await this.awaitSlot(host, turn, slot, waitMs);
      if (waitMs > LOOK_AGAIN_MS) await this.look(host, turn.clock);
      if (this.quietMs(host, turn.clock) === 0) return Math.max(slot.slotMs, slot.nowMs);
    }
  }

  private async reserve(host: string, { perSecond }: Turn, patienceMs: number): Promise<Slot> {
    const parameters = [host, 1000 / (perSecond ?? 1), BURST_MS, patienceMs];
    const [slot] = await this.rates.query<Slot[]>(reserveSql, parameters);
    if (!slot) throw tooLong(host);
    return slot;
  }

  private async awaitSlot(host: string, turn: Turn, slot: Slot, waitMs: number): Promise<void> {
    try {
      await turn.clock.wait(waitMs, turn.signal);
    } catch (error) {
      await this.rates.query(giveBackSql, [host, 1000 / (turn.perSecond ?? 1), slot.nextAt]).catch(() => {});
      throw error;
    }
  }

  private async awaitQuiet(host: string, { clock, signal }: Turn, until: number): Promise<null> {
    for (let ms = this.quietMs(host, clock); ms > 0; ms = this.quietMs(host, clock)) {
      if (clock.now() + ms > until) throw tooLong(host);
      await clock.wait(ms, signal);
    }
    return null;
  }

  private keepQuiet(host: string, ms: number, clock: Clock): void {
    if (ms <= this.quietMs(host, clock)) return;
    this.quiet.set(host, clock.now() + Math.min(Math.ceil(ms), MAX_PAUSE_MS));
  }

  /** A moment too far away was kept before the clock was set back. */
  private quietMs(host: string, clock: Clock): number {
    const ms = (this.quiet.get(host) ?? 0) - clock.now();
    if (ms > 0 && ms <= MAX_PAUSE_MS) return ms;
    this.quiet.delete(host);
    return 0;
  }
}

/** Trying the whole run again would only make the queue longer. */
function tooLong(host: string): ApiUnavailable {
  const error = new ApiUnavailable(
    'API_RATE_EXHAUSTED',
    `${host}: expected a turn at its rate within ${MAX_WAIT_MS / 60_000} minutes or three requests, got too many before it`,
  );
  error.isTriedOut = true;
  return error;
}
