import type { ApiSessions } from '../session/api-sessions.js';
import { digestRequest } from './digest-request.js';
import type { FetchContext } from './fetch-context.js';
import { FetchLog } from './fetch-log.js';
import { fetchDownload } from './fetch-download.js';
import { fetchPages } from './fetch-pages.js';
import type { Fetched, FetchRequest } from '../fetch-request.js';
import { FetchTally } from './fetch-tally.js';
import { isStreamable } from '../is-streamable.js';
import { PageCheckpoints } from './page-checkpoints.js';
import { PageKeeper } from './page-keeper.js';
import { PageBudget } from '../paging/page-guard.js';
import { createPaginator } from '../paging/paginators.js';
import { isSingle, listPartitions } from './partitions.js';
import { redactError } from '../session/redact-error.js';

/**
 * Fetches every page of a source, series by series, and lands them. What an earlier attempt in the same folder has landed
 * is not asked for again. Throws ApiRefused, ApiUnavailable, PagingFailed; the pages before stay for the next attempt.
 */
export async function fetchSource(
  request: FetchRequest,
  sessions: Pick<ApiSessions, 'open'>,
): Promise<Fetched> {
  request.signal.throwIfAborted();
  const stop = new AbortController();
  const onAbort = (): void => stop.abort(request.signal.reason);
  request.signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await fetchUntil(stop, request, sessions);
  } finally {
    request.signal.removeEventListener('abort', onAbort);
  }
}

async function fetchUntil(
  stop: AbortController,
  request: FetchRequest,
  sessions: Pick<ApiSessions, 'open'>,
): Promise<Fetched> {
  const { source, folder } = request;
  const log = new FetchLog(request.log);
  const session = sessions.open(source, {
    signal: stop.signal,
    log: request.log,
    secrets: request.secrets,
  });
  const checkpoints = await PageCheckpoints.open(folder, await digestRequest(request), Date.now());
  const tally = new FetchTally(request, log);
  const keeper = new PageKeeper(checkpoints, {
    onKept: (key, page) => tally.add(key, page),
    onFailure: () => stop.abort(),
  });
  const context: FetchContext = {
    request,
    session,
    paginator: createPaginator(source.pagination, source),
    checkpoints,
    keeper,
    tally,
    log,
    budget: new PageBudget(source),
    isSingle: isSingle(source),
  };
  try {
    await fetchPartitions(context, stop);
    await keeper.flush();
    request.signal.throwIfAborted();
  } catch (error) {
    // What was read before is kept for the next attempt. Where it cannot be, that has stopped the others.
    await keeper.flush().catch(() => undefined);
    request.signal.throwIfAborted();
    // What quotes an answer may quote a secret that the API sent back.
    throw redactError(keeper.failure?.error ?? error, session.secrets);
  } finally {
    await checkpoints.close();
  }
  const { pages, records, bytes } = tally.progress;
  log.end({ pages, records, bytes, ...session.sent }, tally.withoutCursor);
  return tally.result();
}

/** Fetches series side by side, each one request at a time; a single one uses all that may be under way itself. */
async function fetchPartitions(context: FetchContext, stop: AbortController): Promise<void> {
  const { request, checkpoints, log, paginator, tally } = context;
  const { startedAt, isResumed } = checkpoints;
  const partitions = listPartitions(request, {
    now: startedAt,
    onNull: (line, column) => {
      log.parentWithout(line, column);
      tally.skip({ name: `parent ${line}`, reason: `expected a value in ${column} of the parent, got null` });
    },
    onUnfit: (line, reason) => tally.skip({ name: `parent ${line}`, reason }),
  });
  log.begin(paginator.label, { isSingle: context.isSingle, isResumed });
  const failures: unknown[] = [];
  const lane = async (): Promise<void> => {
    try {
      for (let next = await partitions.next(); !next.done; next = await partitions.next()) {
        if (stop.signal.aborted) return;
        await (isStreamable(request.source) ? fetchDownload : fetchPages)(next.value, context);
      }
    } catch (error) {
      failures.push(error);
      stop.abort();
    }
  };
  await Promise.all(Array.from({ length: context.isSingle ? 1 : request.source.parallel }, lane));
  await partitions.return(undefined);
  // The first one is what went wrong; it has stopped the others.
  if (failures.length > 0) throw failures[0];
}
