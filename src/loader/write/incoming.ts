import { TerminalError } from '../../errors.js';
import type { PlacedRows } from '../../schema/stage.js';
import { describeTable, type TableColumn } from '../describe-table.js';
import { quoteName, quoteTable } from '../quote-name.js';
import { raiseMemory } from '../raise-memory.js';
import { analyzeAside } from './analyze-aside.js';
import type { Incoming, WriteStep } from './write-mode.js';

/**
 * Copies the stage's rows into `pg_temp.incoming` and takes out what the table would refuse.
 *
 * @param which rows shall come
 */
export async function copyIncoming(step: WriteStep, which: PlacedRows = 'all'): Promise<Incoming> {
  const { session } = step;
  const columns = await findColumns(step);
  await raiseMemory(session);
  await createIncoming(step, columns);
  const sent = await copyRows(step, columns, which);
  const incoming = { columns, ...sent, left: sent.copied, screened: null };
  await analyzeAside(session, 'incoming');
  const screened = (await step.screen?.(step, incoming)) ?? null;
  const taken = screened ? step.request.stage.rows - screened.rows : 0;
  return { ...incoming, left: sent.copied - taken, screened };
}

/** The stage's columns as the target has them. */
export async function findColumns({ session, request, place }: WriteStep): Promise<TableColumn[]> {
  const described = await describeTable(session, place);
  return request.stage.columns.map(({ name }) => {
    const column = described?.columns.find((one) => one.name === name);
    if (column) return column;
    throw new TerminalError(
      'COLUMNS_MISSING',
      `table ${place.schema}.${place.table}: expected a column ${name}`,
    );
  });
}

/** Made from the target, so that collations are its own; a cast leaves out what domains check. */
async function createIncoming({ session, place }: WriteStep, columns: TableColumn[]): Promise<void> {
  const own = ['NULL::bigint AS "#row"', 'NULL::integer AS "#file"', 'NULL::uuid AS "#hash"'];
  const data = columns.map(({ name, sqlType }) => {
    const quoted = quoteName('column', name);
    return `${quoted}::${sqlType} AS ${quoted}`;
  });
  await session.query(
    `CREATE TEMP TABLE incoming ON COMMIT DROP AS
       SELECT ${[...own, ...data].join(', ')} FROM ${quoteTable(place)} WITH NO DATA`,
  );
}

async function copyRows(
  { session, request }: WriteStep,
  columns: TableColumn[],
  which: PlacedRows,
): Promise<{ copied: number; bytes: number }> {
  const { stage, signal, onProgress } = request;
  const names = ['"#row"', '"#file"', '"#hash"', ...columns.map(({ name }) => quoteName('column', name))];
  const sql = `COPY pg_temp.incoming (${names.join(', ')}) FROM STDIN (FORMAT csv, NULL '', ENCODING 'UTF8')`;
  const { rows, bytes } = await session.copyIn(sql, stage.placedLines(which, signal), (rowBytesSent) =>
    onProgress?.({ identitiesSent: 0, unseen: stage.rows, rowBytesSent }),
  );
  return { copied: rows, bytes };
}
