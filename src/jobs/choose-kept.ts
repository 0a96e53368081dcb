import type { SeenFile } from '../extraction/seen-file.js';

/** Fingerprints of the files to keep copies of: those that were written last, as many as fit. */
export function chooseKept(
  files: Pick<SeenFile, 'bytes' | 'fingerprint' | 'stamp'>[],
  mostBytes: number,
): string[] {
  const chosen: string[] = [];
  let room = mostBytes;
  for (const { bytes, fingerprint } of files.toSorted(byTime)) {
    if (bytes > room) continue;
    room -= bytes;
    chosen.push(fingerprint);
  }
  return chosen;
}

function byTime(one: Pick<SeenFile, 'stamp'>, other: Pick<SeenFile, 'stamp'>): number {
  return Number(BigInt(other.stamp.mtimeNs) - BigInt(one.stamp.mtimeNs));
}
