import { fetchSource } from '../src/extraction/api/fetch/fetch-source.js';
import { byOffset, quickSessions } from './api-fetch.js';
import { apiSource } from './api-source.js';

// Fetches in a process of its own, which ends itself when a page was kept, and tells its parent what was fetched.
const [url = '', folder = '', parallel = '1', killAt = '0'] = process.argv.slice(2);
const fetched = await fetchSource(
  {
    source: apiSource({ url, pagination: byOffset(5), parallel: Number(parallel) }),
    index: 0,
    folder,
    cursors: new Map(),
    parents: null,
    signal: new AbortController().signal,
    onPage: (_page, { pages }) => {
      if (pages === Number(killAt)) process.kill(process.pid, 'SIGKILL');
    },
  },
  quickSessions(),
);
process.send?.(fetched, () => process.disconnect());
