import type { Paginator } from './paginator.js';

/** One answer has everything. */
export function createSinglePaginator(): Paginator {
  return {
    label: 'single page',
    first: () => ({}),
    request: (base) => base,
    next: () => null,
    mark: () => null,
  };
}
