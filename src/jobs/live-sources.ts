import type { StreamConfig } from '../config-history/pipeline-config.js';
import { digestOwner } from '../extraction/api/auth/seal-token.js';
import type { LiveCursor } from '../loader/prune.js';
import { cursorKey } from './cursor-key.js';
import { apiSources } from './stream-sources.js';

/** What is kept for the API sources of a config. */
export interface LiveSources {
  cursors: LiveCursor[];
  /** See `digestOwner`. */
  tokenOwners: string[];
}

/** @param streams with every variable resolved */
export function listLiveSources(streams: readonly StreamConfig[]): LiveSources {
  const all = streams.flatMap((stream) =>
    apiSources(stream).map(({ source }) => ({ table: stream.table, source })),
  );
  return {
    cursors: all.flatMap(({ table, source }) =>
      source.cursor ? [{ table, sourceKey: cursorKey(source) }] : [],
    ),
    tokenOwners: all.flatMap(({ source: { auth } }) =>
      auth.type === 'oauth2_refresh_token' ? [digestOwner(auth)] : [],
    ),
  };
}
