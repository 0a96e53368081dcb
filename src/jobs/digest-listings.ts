import { createHash } from 'node:crypto';
import type { StreamConfig } from '../config-history/pipeline-config.js';
import type { Listing } from '../extraction/list-files.js';
import { streamSignature } from './plan-files.js';

/** The files of a stream by name and state only, one listing for each source. */
export interface StreamListing {
  stream: StreamConfig;
  listings: Listing[];
}

const BATCH = 1_000;

/**
 * Digest of all that the outcome of a look depends on, without reading a file: what is asked (`context`), the streams'
 * configs, and the files' names and states. Equal digests mean that another look would come to the same.
 */
export function digestListings(context: readonly unknown[], streams: readonly StreamListing[]): string {
  const hash = createHash('sha256').update(JSON.stringify(context));
  for (const { stream, listings } of streams) {
    hash.update(JSON.stringify([stream, streamSignature(stream, [])]));
    for (const { files, skipped } of listings) {
      hash.update(JSON.stringify([files.length, skipped]));
      for (let from = 0; from < files.length; from += BATCH) {
        hash.update(
          files
            .slice(from, from + BATCH)
            .map(stateOf)
            .join(''),
        );
      }
    }
  }
  return hash.digest('hex');
}

/** No name holds the character that ends the parts. */
function stateOf({ name, stamp }: Listing['files'][number]): string {
  const { size, mtimeNs, ctimeNs, inode, device } = stamp;
  return `${name}\0${size} ${mtimeNs} ${ctimeNs} ${inode} ${device}\0`;
}
