import type { FileStamp } from './open-file.js';
import type { LocalSource } from './local-source.js';
import { formatByName } from './settle-format.js';

/** How long a writer may stay in the middle of a line before the line is taken for whole. */
const pauseMs = 120_000;

const LF = 10;
const CR = 13;

/** Whether a text whose last two bytes these are has a last line without a line end. */
export function endsMidLine(tail: Buffer): boolean {
  // The second to last byte is that of a line end in UTF-16 with the low byte first.
  const last = tail.at(-1) === 0 ? tail.at(-2) : tail.at(-1);
  return tail.length > 0 && last !== LF && last !== CR;
}

/** Whether a file is read line by line as it stands, so that half a line would pass for a whole one. */
export function isLinewise(name: string, declared: LocalSource['format']): boolean {
  if (/\.(?:gz|zst)$/i.test(name)) return false;
  const format = declared === 'auto' ? formatByName(name) : declared;
  return format === null || ['csv', 'tsv', 'text', 'ndjson'].includes(format);
}

/** Whether a file was written to a short while ago; times in the future, which some clocks and programs set, tell nothing. */
export function isFresh({ mtimeNs, ctimeNs }: FileStamp, now: number): boolean {
  const times = [mtimeNs, ctimeNs].map((ns) => Number(BigInt(ns) / 1_000_000n));
  const changed = times.find((time) => time <= now);
  return changed !== undefined && now - changed < pauseMs;
}
