import type { ApiPagination } from '../../../config-history/api-source-config.js';
import { detectPagination } from './detect-pagination.js';
import type { PagePosition, Paginator } from './paginator.js';
import type { PagingBase } from './paging-base.js';

/** Makes the paginator that was chosen. */
type Create = (pagination: ApiPagination, base: PagingBase) => Paginator;

/**
 * Chooses a kind at the first page. The choice is part of every position after it, under `auto`, so a later attempt goes
 * on by the same one.
 */
export function createAutoPaginator(base: PagingBase, create: Create): Paginator {
  const chosenAt = ({ auto }: PagePosition): Paginator | null =>
    typeof auto === 'string' ? create(JSON.parse(auto) as ApiPagination, base) : null;

  return {
    label: 'auto',
    isPastEnd: (status, position) => chosenAt(position)?.isPastEnd?.(status, position) ?? false,
    first: () => ({ auto: null }),
    request: (request, position) => chosenAt(position)?.request(request, position) ?? request,
    next(page, position) {
      const chosen = chosenAt(position);
      if (chosen !== null) return withChoice(chosen.next(page, position), position.auto ?? null);
      const choice = detectPagination(page, base);
      const paginator = create(choice, base);
      return withChoice(paginator.next(page, paginator.first()), JSON.stringify(choice));
    },
    mark: (position) => chosenAt(position)?.mark(position) ?? null,
    remarks(page, position) {
      const chosen = chosenAt(position);
      if (chosen !== null) return chosen.remarks?.(page, position) ?? [];
      const { label } = create(detectPagination(page, base), base);
      return [{ level: 'info', text: `pagination auto: chose ${label}` }];
    },
  };
}

function withChoice(next: PagePosition | null, auto: PagePosition[string]): PagePosition | null {
  return next === null ? null : { ...next, auto };
}
