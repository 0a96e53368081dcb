import { query } from './jobs-support.js';

export interface HistoryPlan {
  runs: number;
  /** How far the oldest run lies back. */
  days: number;
}

/** The pipeline that has half of all runs; ten others share the rest. */
export const BUSY = 'busy';
export const QUIET = 'quiet_3';

/**
 * Runs as a service has them after a while: three streams of twelve columns and five files each, and a few rare kinds.
 * Filters that are common one by one meet nowhere: no scheduled run failed, and the cancelled ones are the oldest.
 */
export async function fillHistory(url: string, { runs, days }: HistoryPlan): Promise<void> {
  await query(url, RUNS, [runs, days]);
  await query(url, 'ANALYZE millrace.runs');
}

/** Six events for each run. */
export async function fillEvents(url: string): Promise<void> {
  await query(url, EVENTS);
}

const COLUMNS = `(SELECT jsonb_agg(jsonb_build_object('name', 'column_' || c, 'type', 'numeric(12,2)')) FROM generate_series(1, 12) c)`;

const STREAMS = `(SELECT jsonb_agg(jsonb_build_object(
    'table', 'table_' || s, 'state', CASE made.state WHEN 'succeeded' THEN 'succeeded' ELSE 'failed' END,
    'signature', md5(n::text) || md5(s::text), 'read', n, 'inserted', n % 100, 'updated', 0, 'duplicate', n - n % 100,
    'rejected', 0, 'rowBytes', n * 100, 'output', 'table_' || s || '.csv', 'columns', ${COLUMNS},
    'fileCount', 5, 'skippedCount', 0, 'durationMs', n % 10000)) FROM generate_series(1, 3) s)`;

const FILES = `(SELECT jsonb_agg(jsonb_build_object('skipped', '[]'::jsonb, 'files', (
    SELECT jsonb_agg(jsonb_build_object('source', 0, 'name', 'table_' || s || '/part-' || f || '.csv', 'fingerprint', md5((n * f)::text) || md5(f::text),
      'bytes', n * 100, 'state', 'loaded', 'copyOf', NULL, 'read', n, 'inserted', 0, 'updated', 0, 'duplicate', n, 'rejected', 0,
      'durationMs', 5, 'detected', NULL)) FROM generate_series(1, 5) f))) FROM generate_series(1, 3) s)`;

const ERROR = `CASE made.state WHEN 'failed' THEN
    jsonb_build_object('code', 'TOO_MANY_REJECTS', 'message', 'orders: expected at most 5% rejects, got 12 of 100', 'details', '[]'::jsonb) END`;

// n counts from the oldest run to the newest.
const RUNS = `
  INSERT INTO millrace.runs (id, pipeline, config_version, trigger, state, attempt, queued_at, started_at, finished_at,
                             streams, files, error, signature, revision)
  SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3)
          || '8' || substr(md5(n::text), 4, 15))::uuid,
         CASE n % 2 WHEN 0 THEN '${BUSY}' ELSE 'quiet_' || n / 2 % 10 END, 1, made.trigger, made.state, 1,
         at, at + interval '1 s', CASE WHEN made.state NOT IN ('queued', 'running') THEN at + interval '9 s' END,
         ${STREAMS}, ${FILES}, ${ERROR}, md5(n::text), 6
    FROM (SELECT n, date_trunc('milliseconds', now() - (1 - n::float8 / $1::int) * $2::float8 * interval '1 day') AS at
            FROM generate_series(1, $1::int) n) numbered,
         LATERAL (SELECT CASE WHEN n % 9973 = 7 THEN 'replay' WHEN n / 20 % 3 = 0 THEN 'schedule'
                              WHEN n / 20 % 3 = 1 THEN 'monitor' ELSE 'manual' END AS trigger) how,
         LATERAL (SELECT how.trigger, CASE WHEN n <= $1::int / 100 THEN 'cancelled'
                              WHEN how.trigger <> 'schedule' AND n / 40 % 4 = 0 THEN 'failed' ELSE 'succeeded' END AS state) made`;

const EVENTS = `
  INSERT INTO millrace.run_events (run_id, seq, at, type, data)
  SELECT id, seq, queued_at + seq * interval '1 s', CASE WHEN seq IN (1, 2, 6) THEN 'state' ELSE 'stream' END,
         jsonb_build_object('table', 'table_1', 'state', state, 'read', 100, 'inserted', 10, 'updated', 0, 'duplicate', 90, 'rejected', 0)
    FROM millrace.runs, generate_series(1, 6) seq`;
