import { PagingFailed } from '../api-errors.js';

/** A page without a link to the next one. */
export interface EndPage {
  url: string;
  /** Whether it has a Link header at all. */
  hasLinks: boolean;
}

/**
 * Throws PagingFailed `PAGES_MISSING` where links end before the last page that they told of, as they do when a proxy drops a header.
 * Pages are told apart by the one whole number in which their parameters differ. Where they differ otherwise, as tokens do, a header
 * with other links is believed, a missing one is not.
 * @param last URL of the last page, as this page or the latest before it told; null: none did
 */
export function checkLastLink({ url, hasLinks }: EndPage, last: string | null): void {
  if (last === null) return;
  const [here, there] = [url, last].map((each) => URL.parse(each)?.searchParams ?? new URLSearchParams());
  const names = [...new Set([...here!.keys(), ...there!.keys()])];
  const differing = names.filter((name) => String(here!.getAll(name)) !== String(there!.getAll(name)));
  if (differing.length === 0) return;
  const [name = ''] = differing;
  // A first page often is asked for without its number.
  const [at, end] = [here!.get(name) ?? '0', there!.get(name) ?? ''];
  const isNumbered = differing.length === 1 && /^\d+$/.test(at) && /^\d+$/.test(end);
  if (isNumbered ? Number(at) >= Number(end) : hasLinks) return;
  const place = isNumbered
    ? `${name}=${end}, got none at ${here!.has(name) ? `${name}=${at}` : 'the first page'}`
    : 'the last page, got none';
  throw new PagingFailed(
    'PAGES_MISSING',
    `Link header: expected links to lead on to ${place}; run it again, and where it ends there each time, look for what drops the header`,
  );
}
