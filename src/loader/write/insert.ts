import { insertIncoming } from './apply-outcomes.js';
import { copyIncoming } from './incoming.js';
import { dropMatched, matchByValues } from './match-values.js';
import { byFile, countIncoming, type OutcomeCount, sumOutcomes } from './outcomes.js';
import type { WriteMode, WriteStep, Written } from './write-mode.js';

/** Adds all rows, repeats included, of each file that the table has not had, which is known by what it holds. */
export const insert: WriteMode = {
  lock: 'ROW EXCLUSIVE',
  refuseReplay: () => null,
  write: insertFiles,
};

async function insertFiles(step: WriteStep): Promise<Written> {
  const { session, request, before } = step;
  const known = request.replay ? [] : await findKnown(step);
  const files = request.stage.files.map((_, index) => index).filter((index) => !known.includes(index));
  const incoming = await copyIncoming({ ...step, screen: null }, { files });
  // What another mode has loaded is known by its values alone, and is no row that the table would refuse.
  const isAdopted = before !== null && before !== 'insert';
  if (isAdopted) await matchByValues(step, incoming);
  const adopted = isAdopted ? await dropMatched(session) : [];
  const screened = (await step.screen?.(step, incoming)) ?? null;
  const counts = await countIncoming(session);
  const inserted = await insertIncoming(step, incoming);
  if (!request.replay) await remember(step, files);
  return {
    files: byFile([...skipped(step, known), ...adopted, ...counts]),
    deleted: 0,
    rowBytes: incoming.bytes,
    agreements: [['rows inserted', sumOutcomes(counts, 'inserted'), inserted]],
    screened,
  };
}

/** Indexes of the files that the table has had. */
async function findKnown({ session, request, tableId }: WriteStep): Promise<number[]> {
  const { files } = request.stage;
  const { rows } = await session.queryLong<{ fingerprint: string }>(
    'SELECT fingerprint FROM millrace.loaded_files WHERE table_id = $1 AND fingerprint = ANY ($2)',
    [tableId, files.map(({ fingerprint }) => fingerprint)],
  );
  const known = new Set(rows.map(({ fingerprint }) => fingerprint));
  return files.flatMap(({ fingerprint }, index) => (known.has(fingerprint) ? [index] : []));
}

const skipped = ({ request }: WriteStep, known: number[]): OutcomeCount[] =>
  known.map((file) => {
    const { read, rejected } = request.stage.files[file]!;
    return { file, outcome: 'duplicate', count: read - rejected };
  });

async function remember({ session, request, tableId }: WriteStep, files: number[]): Promise<void> {
  await session.queryLong(
    'INSERT INTO millrace.loaded_files (table_id, fingerprint) SELECT DISTINCT $1::integer, unnest($2::text[])',
    [tableId, files.map((index) => request.stage.files[index]!.fingerprint)],
  );
}
