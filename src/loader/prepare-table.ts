import { TerminalError } from '../errors.js';
import type { StageColumn } from '../schema/stage.js';
import { columnSql } from './column-sql.js';
import { compareColumns, type WidenedColumn } from './compare-columns.js';
import { describeTable } from './describe-table.js';
import { literalOf, quoteName, quoteTable, type TablePlace } from './quote-name.js';
import type { SchemaChanges } from './schema-changes.js';
import type { Session } from './session.js';
import { describeAddition, describeWidening, viewsOf, wideningSql } from './widened-columns.js';
import type { TableLock } from './write/write-rule.js';

interface TablePlan extends TablePlace {
  columns: StageColumn[];
  addColumns: boolean;
  changes: SchemaChanges;
  /** What nobody else may do to the table until the end of the transaction. */
  lock: TableLock;
}

/**
 * Makes the table take the stage's columns: creates its schema and itself where missing, adds and widens columns where
 * allowed. From
 * here to the end of the transaction nobody can change or drop it.
 *
 * @returns whether it was made, or was there; null: a stage without columns makes none
 * @throws TerminalError `TABLE_MISMATCH`, `COLUMNS_MISSING`, `NOT_A_TABLE`, `INVALID_NAME`, `WIDENING_BLOCKED`
 */
export async function prepareTable(session: Session, plan: TablePlan): Promise<'made' | 'there' | null> {
  if (!(await lockExisting(session, plan))) {
    if (plan.columns.length === 0) return null;
    await createTable(session, plan);
    return 'made';
  }
  const existing = await describeTable(session, plan);
  const { missing, widened, mismatches } = compareColumns(plan.columns, existing?.columns ?? []);
  const where = `table ${plan.schema}.${plan.table}`;
  if (mismatches.length > 0) {
    throw new TerminalError('TABLE_MISMATCH', `${where}: ${mismatches.join('; ')}`);
  }
  if (missing.length > 0 && !plan.addColumns) {
    const names = missing.map(({ name }) => name).join(', ');
    throw new TerminalError(
      'COLUMNS_MISSING',
      `${where}: expected the columns ${names}, the table lacks them`,
    );
  }
  await addColumns(plan, missing);
  await widenColumns(session, plan, widened);
  return 'there';
}

/** Taken before the columns are looked at. */
async function lockExisting(session: Session, { lock, ...place }: TablePlan): Promise<boolean> {
  if (!(await describeTable(session, place))) return false;
  await session.query(`LOCK TABLE ${quoteTable(place)} IN ${lock} MODE`);
  return true;
}

async function createTable(session: Session, { schema, table, columns, changes }: TablePlan): Promise<void> {
  const place = { schema, table };
  if (!(await hasSchema(session, schema))) await createSchema(session, place, changes);
  const lines = columns.map(({ name, type, required, default: fallback }) => {
    const byDefault = fallback === undefined ? '' : ` DEFAULT ${literalOf(fallback)}`;
    return `${quoteName('column', name)} ${columnSql(type)}${byDefault}${required ? ' NOT NULL' : ''}`;
  });
  await changes.run(place, `CREATE TABLE ${quoteTable(place)} (${lines.join(', ')})`);
}

async function createSchema(session: Session, place: TablePlace, changes: SchemaChanges): Promise<void> {
  const { schema } = place;
  // Two loads that make one schema for two tables: IF NOT EXISTS alone fails when both find it missing.
  await session.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`millrace schema ${schema}`]);
  if (await hasSchema(session, schema)) return;
  await changes.run(place, `CREATE SCHEMA IF NOT EXISTS ${quoteName('schema', schema)}`);
}

async function hasSchema(session: Session, schema: string): Promise<boolean> {
  const { rows } = await session.query('SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1', [schema]);
  return rows.length > 0;
}

async function addColumns({ schema, table, changes }: TablePlan, columns: StageColumn[]): Promise<void> {
  if (columns.length === 0) return;
  const place = { schema, table };
  // Rows that are there have no value for it, so that NOT NULL cannot be asked for.
  const parts = columns.map(({ name, type }) => `ADD COLUMN ${quoteName('column', name)} ${columnSql(type)}`);
  await changes.run(place, `ALTER TABLE ${quoteTable(place)} ${parts.join(', ')}`);
  changes.columns.push(...columns.map(({ name, type }) => describeAddition(name, type)));
}

/** PostgreSQL would name neither the view nor the column. */
async function widenColumns(
  session: Session,
  { schema, table, changes }: TablePlan,
  columns: WidenedColumn[],
): Promise<void> {
  if (columns.length === 0) return;
  const place = { schema, table };
  const widened = columns.map(describeWidening);
  const views = await viewsOf(
    session,
    place,
    columns.map(({ name }) => name),
  );
  if (views.length > 0) {
    const what = widened.map(({ column, from, to }) => `${column} from ${from} to ${to}`).join(', ');
    throw new TerminalError(
      'WIDENING_BLOCKED',
      `table ${schema}.${table}: expected to widen ${what}, got views that show it: ${views.join(', ')}; ` +
        `drop them, let a run widen the table, and create them again`,
    );
  }
  // A server may be set to print fewer digits than there are.
  await session.query('SET LOCAL extra_float_digits = 1');
  await changes.run(place, `ALTER TABLE ${quoteTable(place)} ${columns.map(wideningSql).join(', ')}`);
  changes.columns.push(...widened);
}
