import type { FileStamp } from './open-file.js';
import type { TextTraits } from './text-probe.js';

/** A file of a source as it was found: it stood still, was read once, and is known by its content. A plain value. */
export interface SeenFile {
  /** Index of the source in its stream. */
  source: number;
  /** Path relative to the source's folder, `/` between parts; unique in the source. */
  name: string;
  /** Absolute path, without symbolic links. */
  path: string;
  /** Size in bytes. */
  bytes: number;
  /** SHA-256 of the bytes, hex. */
  fingerprint: string;
  stamp: FileStamp;
  text: TextTraits;
}

/** A file, or something that looked like one, that was not taken. */
export interface SkippedFile {
  name: string;
  /** Expected and got, in one sentence. */
  reason: string;
  /** Somebody may be writing to it; a later look may take it. */
  isUnsettled?: boolean;
  /** It belongs to the source, and could not be looked at or into. */
  isUnread?: boolean;
}
