import { TerminalError } from '../errors.js';
import type { StageColumn } from '../schema/stage.js';
import { columnSql } from './column-sql.js';
import { compareColumns } from './compare-columns.js';
import { describeTable } from './describe-table.js';
import { quoteName, quoteTable, type TablePlace } from './quote-name.js';
import type { Session } from './session.js';

interface TablePlan extends TablePlace {
  columns: StageColumn[];
  addColumns: boolean;
}

/**
 * Makes the table take the stage's columns: creates its schema and itself where missing, adds columns where allowed. From
 * here to the end of the transaction nobody can change or drop it.
 *
 * @returns whether there is a table; a stage without columns makes none
 * @throws TerminalError `TABLE_MISMATCH`, `COLUMNS_MISSING`, `NOT_A_TABLE`, `INVALID_NAME`
 */
export async function prepareTable(session: Session, plan: TablePlan): Promise<boolean> {
  if (!(await lockExisting(session, plan))) {
    if (plan.columns.length === 0) return false;
    await createTable(session, plan);
    return true;
  }
  const existing = await describeTable(session, plan);
  const { missing, mismatches } = compareColumns(plan.columns, existing?.columns ?? []);
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
  await addColumns(session, plan, missing);
  return true;
}

/** The lock that COPY takes anyway, taken before the columns are looked at. */
async function lockExisting(session: Session, place: TablePlace): Promise<boolean> {
  if (!(await describeTable(session, place))) return false;
  await session.query(`LOCK TABLE ${quoteTable(place)} IN ROW EXCLUSIVE MODE`);
  return true;
}

async function createTable(session: Session, { schema, table, columns }: TablePlan): Promise<void> {
  const { rows } = await session.query('SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1', [schema]);
  if (rows.length === 0) await createSchema(session, schema);
  const lines = columns.map(
    ({ name, type, required }) =>
      `${quoteName('column', name)} ${columnSql(type)}${required ? ' NOT NULL' : ''}`,
  );
  await session.query(`CREATE TABLE ${quoteTable({ schema, table })} (${lines.join(', ')})`);
}

async function createSchema(session: Session, schema: string): Promise<void> {
  // Two loads that make one schema for two tables: IF NOT EXISTS alone fails when both find it missing.
  await session.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`millrace schema ${schema}`]);
  await session.query(`CREATE SCHEMA IF NOT EXISTS ${quoteName('schema', schema)}`);
}

async function addColumns(session: Session, place: TablePlace, columns: StageColumn[]): Promise<void> {
  if (columns.length === 0) return;
  // Rows that are there have no value for it, so that NOT NULL cannot be asked for.
  const parts = columns.map(({ name, type }) => `ADD COLUMN ${quoteName('column', name)} ${columnSql(type)}`);
  await session.query(`ALTER TABLE ${quoteTable(place)} ${parts.join(', ')}`);
}
