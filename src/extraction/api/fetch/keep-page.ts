import { setImmediate } from 'node:timers/promises';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { LandedFile } from '../../landed-file.js';
import type { PageStatus } from './ask-page.js';
import { checkInclude } from './check-include.js';
import type { FetchContext } from './fetch-context.js';
import type { DecodedPage } from '../decode/decode-page.js';
import { landPage } from '../decode/land-page.js';
import type { SavedPage } from './page-checkpoints.js';
import type { PagePosition } from '../paging/paginator.js';
import type { Partition } from './partitions.js';

/** A page that was read. */
export interface ReadPage {
  decoded: DecodedPage;
  /** Where it came from, without secrets. */
  url: string;
  /** See `digestPage`. */
  digest: string;
}

/** Where in its source a page stands. */
export interface PagePlace {
  partition: Partition;
  /** From 1. */
  page: number;
  /** Where the page after it is; null: it is the last one. */
  next: PagePosition | null;
  /** See `SavedPage`. */
  known: number | null;
}

/** Lands a page and writes down that it is done with; one without records has no file. */
export async function keepPage(
  { decoded, url, digest }: ReadPage,
  place: PagePlace,
  context: FetchContext,
): Promise<void> {
  // Landing takes the processor: the request for the next page goes out first.
  await setImmediate();
  const { partition, page, known } = place;
  const records = decoded.records.length + decoded.broken.length;
  const file = records === 0 ? null : await land(decoded, url, place, context);
  const next = writable(place.next, context);
  const read = { digest, file, records, bytes: decoded.bytes };
  const saved = { partition: partition.number, page, next, known, ...read };
  const { shape, names } = decoded;
  const cursor = context.tally.trackOf(partition.key)?.readPage(decoded.records) ?? {
    highest: null,
    unreadable: 0,
  };
  keep({ ...saved, ...cursor, shape, names, skipped: null }, place, context);
}

/** Writes down that a series ended without a page. */
export function keepEnd(end: PageStatus, place: PagePlace, context: FetchContext): void {
  const shown = context.session.secrets.showUrl(end.url);
  const reason = `expected a page, got status ${end.status}, which on_status says to ignore (${shown})`;
  const skipped = end.meaning === 'ignored' ? { name: pageName(place, context), reason } : null;
  const nothing = { file: null, digest: '', records: 0, bytes: 0, highest: null, unreadable: 0 };
  keep(
    { partition: place.partition.number, page: place.page, next: null, ...nothing, skipped },
    place,
    context,
  );
}

function keep(saved: SavedPage, { partition }: PagePlace, context: FetchContext): void {
  context.checkpoints.keep(saved);
  context.tally.add(partition.key, saved);
}

async function land(
  page: DecodedPage,
  url: string,
  place: PagePlace,
  context: FetchContext,
): Promise<LandedFile> {
  const { source, folder, index } = context.request;
  const { include } = place.partition;
  checkInclude(page.records, source, { include, url });
  const name = pageName(place, context);
  const base = join(folder, name);
  if (!context.isSingle && place.page === 1) await mkdir(dirname(base), { recursive: true, mode: 0o700 });
  const added = Object.entries(include).map(([column, { value }]) => [column, value] as const);
  return landPage({
    page,
    index,
    name,
    url,
    base,
    fields: source.fields,
    include: added.length === 0 ? undefined : Object.fromEntries(added),
  });
}

function pageName({ partition, page }: PagePlace, { isSingle }: FetchContext): string {
  const name = `page-${pad(page)}`;
  return isSingle ? name : `${pad(partition.number)}/${name}`;
}

function pad(number: number): string {
  return String(number).padStart(6, '0');
}

/** A position as it may be written down; undefined: it holds a secret. */
function writable(
  next: PagePosition | null,
  { session: { secrets } }: FetchContext,
): PagePosition | null | undefined {
  // A number is a place among the pages, even where a short secret looks the same.
  const texts = Object.values(next ?? {}).filter((value) => typeof value === 'string');
  return texts.every((text) => secrets.hide(text) === text) ? next : undefined;
}
