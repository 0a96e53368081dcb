import { join } from 'node:path';
import type { FetchContext } from './fetch-context.js';
import { keepEnd } from './keep-page.js';
import { landDownload } from '../decode/land-download.js';
import type { SavedPage } from './page-checkpoints.js';
import type { Partition } from './partitions.js';
import { streamToFile, type DownloadedBody } from '../http/stream-to-file.js';

const NAME = 'page-000001';

/** Fetches the one answer of a source by way of the disk, see `isStreamable`; not again where an earlier attempt has done so. */
export async function fetchDownload(partition: Partition, context: FetchContext): Promise<void> {
  const { request, session, paginator, checkpoints, keeper, tally } = context;
  const [saved] = checkpoints.take(partition.number);
  if (saved !== undefined) return tally.add(partition.key, saved);
  const { source, folder } = request;
  const asked = paginator.request(partition.base, paginator.first());
  let ignored = 0;
  const body = await session.send(
    asked,
    async (answer) => streamToFile(answer, join(folder, `${NAME}.body`), source.maxBytes),
    { onIgnored: (status) => (ignored = status) },
  );
  if (body === null) {
    const place = { partition, page: 1, next: null, known: null };
    return keepEnd({ status: ignored, url: asked.url, meaning: 'ignored', headers: {} }, place, context);
  }
  await keeper.keepPlaced(partition.key, await landBody(body, partition, context));
}

async function landBody(
  body: DownloadedBody,
  { number: partition }: Partition,
  { request, session }: FetchContext,
): Promise<SavedPage> {
  const { source, folder, index, signal } = request;
  const url = session.secrets.showUrl(body.url);
  const base = join(folder, NAME);
  const hide = (text: string): string => session.secrets.hide(text);
  const { file, records } = await landDownload(body, { source, index, name: NAME, url, base, signal, hide });
  const { fingerprint: digest, bytes } = body;
  const nothing = { highest: null, unreadable: 0, skipped: null };
  return { partition, page: 1, next: null, file, digest, records, bytes, ...nothing };
}
