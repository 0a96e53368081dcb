import { TerminalError } from '../errors.js';
import { type Misfit, misfitOf } from './column-contract.js';
import { parseColumnType, type ColumnType, type TypeName } from './column-types.js';
import { failOnMissing } from './missing-columns.js';
import type { StageColumn } from './stage.js';
import type { Cleaning, DeclaredColumn, StageRequest } from './stage-request.js';

/** The columns of one source file after naming, with their types where the format knows them (Parquet). */
export interface FileColumns {
  /** Index of the file in the request. */
  file: number;
  /** Names in the source, in order. */
  sources: string[];
  /** What they become. */
  names: string[];
  types: (ColumnType | null)[];
}

/** A column of the stage before its type is settled. */
export interface PlannedColumn {
  name: string;
  /** Declared, or the target table's; null: to be inferred. */
  type: ColumnType | null;
  required: boolean;
  formats: string[];
  cleaning?: Cleaning;
  /** For each file, by index: the position among its columns; undefined: it has none such. */
  positions: (number | undefined)[];
  /** Types that the files themselves state. */
  stated: (ColumnType | null)[];
  /** Files, by index, whose values are numbers, all or some of them: a decimal mark is for texts. */
  numbersIn: Map<number, 'all' | 'some'>;
  isNested: boolean;
  /** The type is that of a sample: a value of another form makes it wrong. */
  isAssumed?: true;
  /** What becomes of values that do not fit. */
  misfit: Misfit;
  isDeclared: boolean;
  /** The table's own column of that name. */
  known?: StageColumn;
  /** The contract lets the table's column become wider. */
  mayWiden: boolean;
}

/** What is made of the files' columns. */
export interface ColumnPlan {
  columns: PlannedColumn[];
  /** New ones: a record that has a value in one of them is refused. */
  unwanted: PlannedColumn[];
}

const NUMBERS = new Set<TypeName | undefined>(['smallint', 'integer', 'bigint', 'numeric', 'real', 'double']);

/**
 * The union of the files' columns by name: the declared ones first, then the others as they are first seen, those of
 * carried files before the rest. Strict mode
 * and the contract on new columns decide which of the others stay.
 *
 * @throws TerminalError `NEW_COLUMNS` or `MISSING_COLUMNS` where the contract is `fail`; `TOO_MANY_COLUMNS` above 1,600
 */
export function planColumns(request: StageRequest, files: FileColumns[]): ColumnPlan {
  failOnMissing(files, request);
  const planned = new Map<string, PlannedColumn>();
  for (const column of request.columns)
    planned.set(column.name.toLowerCase(), declaredColumn(request, column));
  for (const name of request.carried?.columns ?? []) {
    if (!planned.has(name.toLowerCase()))
      planned.set(name.toLowerCase(), foundColumn(request, name, knownColumn(request, name)));
  }
  for (const { file, sources, names, types } of files) {
    const { nested, numbers } = request.files[file]!;
    names.forEach((name, position) => {
      const known = knownColumn(request, name);
      const column = planned.get(name.toLowerCase()) ?? foundColumn(request, known?.name ?? name, known);
      planned.set(name.toLowerCase(), column);
      column.positions[file] = position;
      column.stated.push(types[position]!);
      if (NUMBERS.has(types[position]?.name)) column.numbersIn.set(file, 'all');
      if (column.cleaning?.decimal === ',' && numbers) {
        if (numbers.all.includes(sources[position]!)) column.numbersIn.set(file, 'all');
        if (numbers.some.includes(sources[position]!)) column.numbersIn.set(file, 'some');
      }
      column.isNested ||= nested.includes(sources[position]!);
    });
  }
  for (const name of request.key ?? []) {
    const column = planned.get(name.toLowerCase());
    if (column?.name === name) column.required = true;
  }
  const plan = applyContract(request, [...planned.values()]);
  checkWidth(plan.columns, request);
  return plan;
}

function declaredColumn(request: StageRequest, declared: DeclaredColumn): PlannedColumn {
  const { name, type, required, formats, cleaning } = declared;
  const own = { type: parseColumnType(type), required };
  const known = request.existing?.find((one) => one.name === name);
  const mayWiden = (declared.contract?.typeChange ?? request.contract.typeChange) === 'widen';
  const column = {
    ...blank(name, misfitOf(request, declared, undefined), own),
    isDeclared: true,
    known,
    mayWiden,
  };
  return { ...column, formats, ...(cleaning && { cleaning }) };
}

function foundColumn(request: StageRequest, name: string, known: StageColumn | undefined): PlannedColumn {
  const mayWiden = request.contract.typeChange === 'widen';
  return { ...blank(name, misfitOf(request, undefined, known), known), known, mayWiden };
}

function blank(name: string, misfit: Misfit, known?: { type: ColumnType; required: boolean }): PlannedColumn {
  const { type = null, required = false } = known ?? {};
  return {
    name,
    type,
    required,
    formats: [],
    positions: [],
    stated: [],
    numbersIn: new Map(),
    isNested: false,
    misfit,
    isDeclared: false,
    mayWiden: false,
  };
}

/** A column of the files that is read as text, for expressions. */
export function hiddenColumn(name: string, files: FileColumns[]): PlannedColumn {
  const misfit: Misfit = { mode: 'reject', key: 'invalid_rows', isOwn: false };
  const column = blank(name, misfit, { type: { name: 'text' }, required: false });
  for (const { file, names } of files) {
    const position = names.findIndex((one) => one.toLowerCase() === name.toLowerCase());
    if (position !== -1) column.positions[file] = position;
  }
  return column;
}

function knownColumn(request: StageRequest, name: string): StageColumn | undefined {
  const { existing } = request;
  const isSame = (column: StageColumn) => column.name.toLowerCase() === name.toLowerCase();
  return existing?.find((column) => column.name === name) ?? existing?.find(isSame);
}

/** A column is new when neither the schema nor the table knows it; on a first load without a schema none is. */
function applyContract(request: StageRequest, planned: PlannedColumn[]): ColumnPlan {
  const declared = new Set(request.columns.map((column) => column.name));
  const keep = (columns: PlannedColumn[], unwanted: PlannedColumn[] = []) => ({ columns, unwanted });
  if (request.strictMode) return keep(planned.filter((column) => declared.has(column.name)));
  const isOpen = request.existing === null && declared.size === 0;
  const isNew = ({ name }: PlannedColumn) => !isOpen && !declared.has(name) && !knownColumn(request, name);
  const { newColumns } = request.contract;
  if (newColumns === 'evolve') return keep(planned);
  const fresh = planned.filter(isNew);
  if (fresh.length && newColumns === 'fail') {
    const names = fresh.map((column) => column.name).join(', ');
    throw new TerminalError(
      'NEW_COLUMNS',
      `${request.table}: expected no columns beyond the schema's and the table's (new_columns: fail), got ${names}`,
    );
  }
  return keep(
    planned.filter((column) => !isNew(column)),
    newColumns === 'reject' ? fresh : [],
  );
}

/** PostgreSQL's limit of columns in a table. */
const MAX_COLUMNS = 1600;

/** Columns that only the table has count as well. */
function checkWidth(columns: PlannedColumn[], { table, existing }: StageRequest): void {
  const planned = new Set(columns.map(({ name }) => name.toLowerCase()));
  const others = (existing ?? []).filter(({ name }) => !planned.has(name.toLowerCase())).length;
  const width = columns.length + others;
  if (width <= MAX_COLUMNS) return;
  const ofWhich = others > 0 ? ` (${others} of them in the table alone)` : '';
  throw new TerminalError(
    'TOO_MANY_COLUMNS',
    `${table}: expected at most ${MAX_COLUMNS} columns, PostgreSQL's limit, got ${width}${ofWhich}; ` +
      `strict_mode keeps the schema's alone`,
  );
}
