import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { FetchRequest } from '../fetch-request.js';

/**
 * A digest of everything that decides what is asked for: pages of another config, of other cursors or of other parents
 * are of no use. How it is asked for (credentials, rate, deadlines, caps) may change between two attempts, and headers
 * count by their names alone: their values often are secrets, and new ones mean the same data.
 */
export async function digestRequest({ source, cursors, parents, signal }: FetchRequest): Promise<string> {
  const { url, method, query, body, pagination, cursor, forEach, format, csv, records, fields } = source;
  const headers = Object.keys(source.headers);
  const asked = {
    url,
    method,
    headers,
    query,
    body,
    pagination,
    cursor,
    forEach,
    format,
    csv,
    records,
    fields,
  };
  const stored = [...cursors].sort(([a], [b]) => (a < b ? -1 : 1));
  const hash = createHash('sha256').update(JSON.stringify([asked, stored]));
  if (parents !== null)
    for await (const chunk of createReadStream(parents, { signal })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
