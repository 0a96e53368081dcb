import type { DuckDBConnection } from '@duckdb/node-api';
import type { ColumnLoss, LossKind } from './column-loss.js';
import { type ColumnPart, readPart, type StagePlan } from './column-part.js';
import { formatColumnType } from './column-types.js';
import { cutEvenly } from './cut-evenly.js';
import { list, type Row, run } from './engine.js';
import type { FileColumns } from './plan-columns.js';
import { isNulling, type SettledColumn } from './settled-column.js';
import type { StageRequest } from './stage-request.js';
import { typedRows } from './stage-sql.js';

/** One kind of loss that values may suffer. */
interface ValueLoss {
  kind: LossKind;
  effect: 'altered' | 'rejected';
  says: (column: SettledColumn) => string;
  /**
   * SQL that holds for a value that suffers it; null: none of this column can.
   * @param v SQL of the cleaned text
   * @param t SQL of the typed value, NULL where the text does not fit
   */
  suffers: (column: SettledColumn, v: string, t: string) => string | null;
  /** SQL that holds for a value which proves that no value of the column suffers it. */
  disproves?: (column: SettledColumn, v: string, t: string) => string | null;
}

const INTEGERS = new Set(['smallint', 'integer', 'bigint']);
const FLOATS: Record<string, number> = { real: 6, double: 15 };
const MOMENTS = new Set(['date', 'timestamp', 'timestamptz']);
const isNumber = ({ type: { name } }: SettledColumn) =>
  INTEGERS.has(name) || name === 'numeric' || name in FLOATS;

const NUMBER = `'[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]+)?'`;
/** The digits that count, from the first that is not zero. */
const digitsOf = (v: string) =>
  `length(ltrim(regexp_replace(regexp_replace(${v}, '[eE].*$', ''), '[^0-9]', '', 'g'), '0'))`;

/** One line a kind. */
const VALUE_LOSSES: ValueLoss[] = [
  {
    kind: 'leading_zeros',
    effect: 'altered',
    says: ({ name, type }) =>
      `${name}: zeros in front are no part of ${formatColumnType(type)}; text keeps them`,
    suffers: (column, v, t) =>
      isNumber(column) ? `${t} IS NOT NULL AND regexp_matches(${v}, '^[+-]?0[0-9]')` : null,
  },
  {
    kind: 'plus_sign',
    effect: 'altered',
    says: ({ name, type }) => `${name}: a plus sign is no part of ${formatColumnType(type)}; text keeps it`,
    suffers: (column, v, t) => (isNumber(column) ? `${t} IS NOT NULL AND starts_with(${v}, '+')` : null),
  },
  {
    kind: 'precision',
    effect: 'altered',
    says: ({ name, type }) =>
      `${name}: ${formatColumnType(type)} holds about ${FLOATS[type.name]} digits; numeric holds all of them`,
    suffers: ({ type: { name } }, v, t) =>
      name in FLOATS
        ? `${t} IS NOT NULL AND ${digitsOf(v)} > ${FLOATS[name]} AND ${t}::VARCHAR <> ${v}`
        : null,
  },
  {
    kind: 'precision',
    effect: 'rejected',
    says: ({ name, type }) => `${name}: the number has more digits than ${formatColumnType(type)} holds`,
    suffers: (column, v, t) =>
      isNumber(column) ? `${v} IS NOT NULL AND ${t} IS NULL AND regexp_full_match(${v}, ${NUMBER})` : null,
  },
  {
    kind: 'length',
    effect: 'rejected',
    says: ({ name, type }) => `${name}: the text is longer than ${formatColumnType(type)} holds`,
    suffers: ({ type }, v, t) => (type.name === 'varchar' ? `${v} IS NOT NULL AND ${t} IS NULL` : null),
  },
  {
    kind: 'nul',
    effect: 'rejected',
    says: ({ name }) => `${name}: PostgreSQL takes no NUL character`,
    suffers: ({ type: { name } }, v) =>
      name === 'text' || name === 'varchar' ? `contains(${v}, chr(0))` : null,
  },
  {
    kind: 'ambiguous_date',
    effect: 'altered',
    says: ({ name, formats }) =>
      `${name}: the text fits several of ${formats.join(', ')}, and is another day in each; the first counts`,
    suffers: ({ type, formats }, v) =>
      MOMENTS.has(type.name) && formats.length > 1
        ? `len(list_distinct([${formats.map((format) => read(v, format)).join(', ')}])) > 1`
        : null,
  },
  {
    kind: 'ambiguous_date',
    effect: 'altered',
    says: ({ name, formats }) =>
      `${name}: every text fits ${swapped(formats)} just as well as ${formats[0]}, as another day: none proves which it is`,
    suffers: (column, v, t) => {
      const other = swapped(column.formats);
      return MOMENTS.has(column.type.name) && other
        ? `${t} IS NOT NULL AND ${read(v, other)} <> ${read(v, column.formats[0]!)}`
        : null;
    },
    disproves: ({ formats }, v, t) => `${t} IS NOT NULL AND ${read(v, swapped(formats)!)} IS NULL`,
  },
];

const read = (v: string, format: string) => `try_strptime(${v}, ${list([format])})`;

/** The one format with day and month the other way round; null where there is none, or there are several. */
function swapped([format, ...others]: string[]): string | null {
  if (format === undefined || others.length > 0 || !/%d/.test(format) || !/%m/.test(format)) return null;
  return format.replace(/%[dm]/g, (part) => (part === '%d' ? '%m' : '%d'));
}

const SAMPLES = 5;

interface Check {
  column: SettledColumn;
  /** Its number in the statement. */
  n: number;
  loss: ValueLoss;
  /** SQL: whether a value suffers it. */
  where: string;
}

/**
 * What the types that the schema or the table demands would lose; inferred types lose nothing. Goes through all files once
 * more, and again for samples where something is found.
 *
 * @param width columns that one statement types at most
 */
export async function findLosses(
  connection: DuckDBConnection,
  request: StageRequest,
  plan: StagePlan,
  width: number,
): Promise<ColumnLoss[]> {
  const given = new Set(
    [...request.columns, ...(request.existing ?? [])].map(({ name }) => name.toLowerCase()),
  );
  const losses = [...longNames(plan.files), ...leftOut(plan)];
  const looked = [...plan.columns.keys()].filter((n) => given.has(plan.columns[n]!.name.toLowerCase()));
  for (const own of cutEvenly(looked, width)) {
    const part = await readPart(connection, request, { plan, own });
    losses.push(...(await lossesOf(connection, part, request.signal)));
  }
  return losses;
}

async function lossesOf(
  connection: DuckDBConnection,
  { relation, columns, indexes, own, rules }: ColumnPart,
  signal?: AbortSignal,
): Promise<ColumnLoss[]> {
  const checks = columns.flatMap((column, n): Check[] => {
    if (!own.includes(indexes[n]!)) return [];
    return VALUE_LOSSES.flatMap((loss) => {
      const where = loss.suffers(column, `v${n}`, `t${n}`);
      return where === null ? [] : [{ column, n, loss, where }];
    });
  });
  if (checks.length === 0) return [];
  const rows = typedRows(relation, columns, rules);
  const counts = checks.flatMap(({ column, n, loss, where }, index) => {
    const disproof = loss.disproves?.(column, `v${n}`, `t${n}`) ?? 'false';
    return [`count_if(${where}) AS c${index}`, `count_if(${disproof}) AS d${index}`];
  });
  const [row] = await run(connection, `SELECT ${counts.join(', ')} FROM (${rows})`, signal);
  const losses: ColumnLoss[] = [];
  for (const [index, check] of checks.entries()) {
    const count = Number(row?.[`c${index}`] ?? 0);
    if (count === 0 || Number(row?.[`d${index}`] ?? 0) > 0) continue;
    const texts = `SELECT DISTINCT left(v${check.n}, 200) AS v FROM (${rows}) WHERE ${check.where} LIMIT ${SAMPLES}`;
    losses.push(lossOf(check, count, await run(connection, texts, signal)));
  }
  return losses;
}

function lossOf({ column, loss }: Check, count: number, rows: Row[]): ColumnLoss {
  const { kind } = loss;
  const effect = loss.effect === 'rejected' && isNulling(column) ? 'nulled' : loss.effect;
  const samples = rows.map(({ v }) => String(v).replaceAll('\0', '\u2400')).toSorted();
  return { column: column.name, kind, effect, says: loss.says(column), count, samples };
}

const MAX_NAME_BYTES = 63;

function longNames(files: FileColumns[]): ColumnLoss[] {
  const names = new Map<string, string>();
  for (const { sources, names: columns } of files)
    sources.forEach((source, n) => {
      if (Buffer.byteLength(source) > MAX_NAME_BYTES) names.set(source, columns[n]!);
    });
  return [...names].map(([source, name]) => ({
    column: source,
    kind: 'long_name',
    effect: 'altered',
    says: `${source}: PostgreSQL's names have at most ${MAX_NAME_BYTES} bytes; the column is called ${name}`,
    count: null,
    samples: [],
  }));
}

function leftOut({ columns, files }: StagePlan): ColumnLoss[] {
  const kept = new Set(columns.map(({ name }) => name.toLowerCase()));
  const left = new Set(files.flatMap(({ names }) => names.filter((name) => !kept.has(name.toLowerCase()))));
  return [...left].map((column) => ({
    column,
    kind: 'column_left_out',
    effect: 'left_out',
    says: `${column}: the column is not loaded, because of strict_mode or the contract on new columns`,
    count: null,
    samples: [],
  }));
}
