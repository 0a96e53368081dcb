import { createHash } from 'node:crypto';
import type { LandedFile } from '../extraction/landed-file.js';

/** So many are tried one by one; of more files so many groups are made. */
const MOST_PIECES = 16;

type Named = Pick<LandedFile, 'name' | 'fingerprint'>;

/** Files that are tried together; a group is known by the contents of all of them. */
export interface ProbePiece<F extends Named> extends Named {
  files: F[];
}

/**
 * What to stage by itself to find the file that workers die of. Of many files groups are tried, and of a group that a worker
 * has died of smaller ones: each death narrows it down to a sixteenth, and where nothing is wrong little time is lost.
 *
 * @param suspects how many workers died of what, by fingerprint
 */
export function probePieces<F extends Named>(
  files: readonly F[],
  suspects: Readonly<Record<string, number>>,
): ProbePiece<F>[] {
  const size = Math.ceil(files.length / MOST_PIECES);
  const pieces = Array.from({ length: Math.ceil(files.length / Math.max(size, 1)) }, (_, n) =>
    pieceOf(files.slice(n * size, (n + 1) * size)),
  );
  return pieces.flatMap((piece) => {
    const isToSplit = piece.files.length > 1 && piece.fingerprint in suspects;
    return isToSplit ? probePieces(piece.files, suspects) : [piece];
  });
}

function pieceOf<F extends Named>(files: F[]): ProbePiece<F> {
  const [first, ...others] = files;
  const last = others.at(-1);
  if (first === undefined) throw new Error('expected files to try, got none');
  if (last === undefined) return { name: first.name, fingerprint: first.fingerprint, files };
  const digest = createHash('sha256').update(files.map(({ fingerprint }) => fingerprint).join());
  return { name: `${first.name} to ${last.name}`, fingerprint: digest.digest('hex'), files };
}
