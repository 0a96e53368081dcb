import type { ApiSession } from '../session/api-session.js';
import type { FetchLog } from './fetch-log.js';
import type { FetchRequest } from '../fetch-request.js';
import type { FetchTally } from './fetch-tally.js';
import type { PageCheckpoints } from './page-checkpoints.js';
import type { PageKeeper } from './page-keeper.js';
import type { PageBudget } from '../paging/page-guard.js';
import type { Paginator } from '../paging/paginator.js';

/** What all series of pages of one source share. */
export interface FetchContext {
  request: FetchRequest;
  session: ApiSession;
  paginator: Paginator;
  checkpoints: PageCheckpoints;
  keeper: PageKeeper;
  tally: FetchTally;
  budget: PageBudget;
  log: FetchLog;
  /** Whether the source has one series, which may then use every request that may be under way. */
  isSingle: boolean;
}
