import type { ApiRequest } from '../api-request.js';

/** Where in a series of pages one is; JSON, so that a later attempt can go on from there. */
export type PagePosition = Record<string, string | number | boolean | null>;

/** A page that was read, as paginators look at it. */
export interface SeenPage {
  status: number;
  headers: Readonly<Record<string, string>>;
  /** Where it came from. */
  url: string;
  /** The body as a value, see `parseJson`; undefined where it is no JSON. */
  body: unknown;
  /** How many records it has, those that cannot be read included. */
  records: number;
  /** Those that can be read, as the API gave them. */
  given: readonly unknown[];
  /** Records of the series so far, this page included. */
  total: number;
  /** How many records all pages have together, as the last page before it told that did tell it. */
  known?: number | null;
}

/** What a reader of the run's log should know about a page. */
export interface PageRemark {
  level: 'info' | 'warn';
  text: string;
}

/** Tells how a series of pages goes on. One file for each kind; `paginators.ts` lists them. Has no state of its own. */
export interface Paginator {
  /** How the pages are told apart, for people: `offset, 1000 at a time`. */
  readonly label: string;
  /** Whether a status means "past the end" instead of a failure: such a page has no records and is the last one. */
  isPastEnd?(status: number, position: PagePosition): boolean;
  first(): PagePosition;
  /** The request for the page at a position. */
  request(base: ApiRequest, position: PagePosition): ApiRequest;
  /** Where the next page is; null: that was the last one. Throws PagingFailed where the answer makes no sense. */
  next(page: SeenPage, position: PagePosition): PagePosition | null;
  /**
   * Where the page after a position is without having seen the page, where that can be known: then pages are fetched
   * ahead. It was right only if `next` gives an equal position once the page is there; otherwise what was fetched ahead
   * is not part of the series.
   */
  ahead?(position: PagePosition): PagePosition;
  /** What must differ from page to page; a value that comes again ends the run. null: nothing to compare. */
  mark(position: PagePosition): string | null;
  /** How many records all pages have together, where the page tells it. */
  totalOf?(page: SeenPage): number | null;
  /** What was chosen at this page, and what speaks against the last page being the last; asked after `next`. */
  remarks?(page: SeenPage, position: PagePosition): PageRemark[];
}
