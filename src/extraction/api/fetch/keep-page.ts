import { setImmediate } from 'node:timers/promises';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { PageStatus } from './ask-page.js';
import { checkInclude } from './check-include.js';
import type { FetchContext } from './fetch-context.js';
import type { DecodedPage } from '../decode/decode-page.js';
import { writeRejects } from '../decode/land-page.js';
import { makePage } from '../decode/make-page.js';
import type { LandedPage } from './page-keeper.js';
import type { PagePosition } from '../paging/paginator.js';
import type { Partition } from './partitions.js';

/** A page that was read. */
export interface ReadPage {
  decoded: DecodedPage;
  /** Where it came from, without secrets. */
  url: string;
  /** See `digestRecords`. */
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

/** Lands a page, to be written down as done with when it is on disk; one without records has no file. */
export async function keepPage(
  { decoded, url, digest }: ReadPage,
  place: PagePlace,
  context: FetchContext,
): Promise<void> {
  // Landing takes the processor: the request for the next page goes out first.
  await setImmediate();
  const { keeper, tally } = context;
  const { partition, page, known } = place;
  const records = decoded.records.length + decoded.broken.length;
  const landed = records === 0 ? null : await land(decoded, url, place, context);
  const next = writable(place.next, context);
  const { bytes, shape, names } = decoded;
  const saved = { partition: partition.number, page, next, known, digest, records, bytes, shape, names };
  const nothing = { highest: null, unreadable: 0 };
  const cursor = tally.trackOf(partition.key)?.readPage(decoded.records) ?? nothing;
  await keeper.keep(partition.key, { ...saved, ...cursor, skipped: null }, landed);
}

/** Writes down that a series ended without a page. */
export async function keepEnd(end: PageStatus, place: PagePlace, context: FetchContext): Promise<void> {
  const shown = context.session.secrets.showUrl(end.url);
  const reason = `expected a page, got status ${end.status}, which on_status says to ignore (${shown})`;
  const skipped = end.meaning === 'ignored' ? { name: pageName(place, context), reason } : null;
  const { partition, page } = place;
  const nothing = { digest: '', records: 0, bytes: 0, highest: null, unreadable: 0 };
  const saved = { partition: partition.number, page, next: null, ...nothing, skipped };
  await context.keeper.keep(partition.key, saved, null);
}

async function land(
  page: DecodedPage,
  url: string,
  place: PagePlace,
  context: FetchContext,
): Promise<LandedPage> {
  const { keeper, request } = context;
  const { source, folder, index } = request;
  const { include } = place.partition;
  checkInclude(page.records, source, { include, url });
  const name = pageName(place, context);
  const added = Object.entries(include).map(([column, { value }]) => [column, value] as const);
  const number = keeper.takeNumber();
  const made = await makePage({
    page,
    index,
    name,
    url,
    number,
    fields: source.fields,
    include: added.length === 0 ? undefined : Object.fromEntries(added),
  });
  const base = join(folder, name);
  if (made.rejects.count > 0) await mkdir(dirname(base), { recursive: true, mode: 0o700 });
  return { made, number, rejects: await writeRejects(made, base) };
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
