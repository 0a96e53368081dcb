import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { AfterRefusal } from '../schema/stage.js';
import { checkBalance, countCarried, countFiles, sumCounts } from './balance-counts.js';
import { carryRejects } from './carried-rejects.js';
import { checkCarried } from './check-carried.js';
import { copyRejects } from './copy-rejects.js';
import { endEarlierAttempts } from './end-earlier-attempts.js';
import { checkCursors, keepCursors } from './cursors.js';
import { findLoad, recordLoad } from './ledger.js';
import type { LoaderLimits } from './limits.js';
import type { ColumnChange, LoadRequest, LoadResult } from './load.js';
import { prepareTable } from './prepare-table.js';
import type { TablePlace } from './quote-name.js';
import { type Registration, registerTable } from './register-table.js';
import { declareConstraints } from './rules/declare-constraints.js';
import { columnsOf, makeScreen } from './rules/make-screen.js';
import type { Rule } from './rules/rule.js';
import { readRules } from './rules/table-rules.js';
import { SchemaChanges } from './schema-changes.js';
import type { Session } from './session.js';
import { settleReplayed } from './settle-replayed.js';
import { takeTurn } from './take-turn.js';
import { keepWidened } from './widened-columns.js';
import type { Written } from './write/write-mode.js';
import { checkSwitch } from './write/check-switch.js';
import { keyOfOne } from './write/write-rule.js';
import { withinRule } from './write/within-parents.js';
import { WRITE_MODES } from './write/write-modes.js';

/**
 * Everything that one load does, inside one transaction: waits for its turn at the table, writes the rows in the way
 * that the stream's write mode has, and proves the counts.
 */
export async function loadStage(
  session: Session,
  request: LoadRequest,
  limits: LoaderLimits,
): Promise<LoadResult> {
  const place = { schema: request.target.schema, table: request.table };
  const mode = WRITE_MODES[request.write.mode];
  mode.begin?.(request);
  await endEarlierAttempts(session, request);
  await takeTurn(session, place, limits);
  const earlier = await findLoad(session, { runId: request.runId, ...place });
  if (earlier) return earlier;
  const { stage, replay, write, addColumns } = request;
  // Records of which none passed must not settle what the table is to be.
  const isVoid = stage.columns.length === 0 || (replay && stage.rows === 0);
  const columns = isVoid ? [] : [...stage.columns, ...(mode.ownColumns?.(write) ?? [])];
  const changes = new SchemaChanges(session, request);
  const { lock } = mode;
  const prepared = await prepareTable(session, { ...place, columns, addColumns, changes, lock });
  await checkCarried(session, request, prepared);
  const pending = prepared ? await declare(session, request, { changes, prepared }) : [];
  changes.settle(place);
  const registration = prepared ? await registerTable(session, place, write.mode) : null;
  const tableId = registration?.tableId ?? null;
  if (tableId !== null) await keepWidened(session, tableId, changes.columns);
  if (request.cursors) await checkCursors(session, { ...request, tableId }, request.cursors.begunAt);
  const written = await writeRows(session, request, { place, changes, registration, pending });
  // What a parent that is still to come will let in must be looked at again.
  const signature = pending.length > 0 && written.screened ? '' : request.signature;
  return concludeLoad(session, { ...request, signature }, { tableId, written, changes: changes.columns });
}

function declare(
  session: Session,
  { target, table, write, constraints }: LoadRequest,
  { changes, prepared }: { changes: SchemaChanges; prepared: 'made' | 'there' },
): Promise<Rule[]> {
  const place = { schema: target.schema, table };
  const declared = constraints ?? { unique: [], foreignKeys: [], checks: [] };
  // The history of a row repeats its key.
  const primaryKey = prepared === 'made' && write.mode !== 'scd2' ? (write.key ?? null) : null;
  return declareConstraints(session, { place, changes, declared, primaryKey });
}

interface Writing {
  place: TablePlace;
  changes: SchemaChanges;
  /** null: there is no table, because there was nothing to make one of. */
  registration: Registration | null;
  /** Rules that are no constraints of the table yet. */
  pending: Rule[];
}

async function writeRows(
  session: Session,
  request: LoadRequest,
  { place, changes, registration, pending }: Writing,
): Promise<Written> {
  if (!registration) return { files: [], deleted: 0, rowBytes: 0, agreements: [] };
  const { write: rule, stage } = request;
  const more = rule.within ? [...pending, withinRule(rule.within)] : pending;
  const key = keyOfOne(rule);
  const rules = await readRules(session, place, { columns: columnsOf(stage), more, ...(key && { key }) });
  const screen = rules && stage.keepsPlaces ? makeScreen(rules) : null;
  const step = { ...registration, session, request, rule, place, changes, rules, screen };
  await checkSwitch(step);
  return WRITE_MODES[rule.mode].write(step);
}

interface Conclusion {
  tableId: number | null;
  written: Written;
  changes: ColumnChange[];
}

/** Counts what was written, stores the rejects, proves that the counts agree, and writes the ledger. */
async function concludeLoad(
  session: Session,
  request: LoadRequest,
  { tableId, written, changes }: Conclusion,
): Promise<LoadResult> {
  const { target, table } = request;
  const { deleted, rowBytes, agreements } = written;
  const stage = written.screened ?? request.stage;
  const loadId = randomUUID();
  const files = countFiles(stage.files, written.files);
  const stored = await storeRejects(session, { ...request, stage }, loadId);
  const rejects = stored + (await carryRejects(session, request, loadId));
  const refused = stage.rejected - request.stage.rejected;
  const sums = { ...sumCounts(files), refused, deleted, rowBytes };
  const result = { loadId, ...sums, files, changes, alreadyCommitted: false };
  const carried = countCarried(stage.files);
  checkBalance(stage, files, { rejects, agreements, carried }, `table ${target.schema}.${table}`);
  await recordLoad(session, request, tableId, result);
  if (request.cursors) await keepCursors(session, { ...request, tableId }, request.cursors.reached);
  if (written.screened?.rejectsPath) await rm(written.screened.rejectsPath, { force: true });
  return result;
}

type Concluded = Omit<LoadRequest, 'stage'> & { stage: AfterRefusal };

function storeRejects(session: Session, request: Concluded, loadId: string): Promise<number> | number {
  const { stage, replay, table, configVersion } = request;
  if (replay) return settleReplayed(session, { ...replay, table, configVersion, stage });
  return stage.rejectsPath ? copyRejects(session, { ...request, loadId }, stage.rejectsPath) : 0;
}
