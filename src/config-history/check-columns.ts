import { checkColumnContract } from './check-contract.js';
import { checkDefault } from './check-default.js';
import { checkCondition, checkExpression } from './check-expression.js';
import type { Fault } from './fault.js';
import { parseColumnType } from './parse-column-type.js';
import type { ColumnShape } from './shape/column-shape.js';
import { COLUMN_NAME, refuseSystemColumn } from './shape/names.js';

type Path = (string | number)[];

const MAX_COLUMNS = 1600;
const MAX_COLUMN_BYTES = 63;

const NUMBERS = ['smallint', 'integer', 'bigint', 'numeric', 'real', 'double'];

/** Keys that mean something for some types only. */
const KEYS_OF_TYPES: [keyof ColumnShape, string[]][] = [
  ['formats', ['date', 'time', 'timestamp', 'timestamptz']],
  ['decimal', NUMBERS],
  ['true_values', ['boolean']],
  ['false_values', ['boolean']],
];

/** Checks the columns of a schema: their names, and what the keys of each mean together. */
export function checkColumns(columns: unknown, place: Path): Fault[] {
  if (!(columns instanceof Map)) return [];
  const faults: Fault[] = [];
  if (columns.size > MAX_COLUMNS) {
    faults.push({ path: place, message: `expected at most ${MAX_COLUMNS} columns, got ${columns.size}` });
  }
  const taken = new Map<string, string>();
  for (const [name, column] of columns as Map<string, ColumnShape>) {
    const message = checkColumnName(name, taken.get(name.toLowerCase()));
    if (message) faults.push({ path: [...place, name], message, at: 'key' });
    taken.set(name.toLowerCase(), name);
    faults.push(...checkColumn(column, [...place, name]));
  }
  return faults;
}

function checkColumn(column: ColumnShape, path: Path): Fault[] {
  // A type that cannot be read was told of already.
  const parsed = typeof column.type === 'string' ? parseColumnType(column.type) : { problem: '' };
  if ('problem' in parsed) return [];
  const [base = ''] = parsed.type.split('(', 1);
  const misplaced = KEYS_OF_TYPES.filter(
    ([key, types]) => column[key] !== undefined && !types.includes(base),
  );
  const problem = checkDefault(column.default, parsed.type);
  const { expression, check } = column;
  const wrong = typeof expression === 'string' ? checkExpression(expression) : undefined;
  const broken = typeof check === 'string' ? checkCondition(check) : undefined;
  return [
    ...misplaced.map(([key, types]) => {
      const message = `expected ${key} only for ${listTypes(types)}, got ${key === 'decimal' ? 'it' : 'them'} for ${column.type}`;
      return { path: [...path, key], message, at: 'key' as const };
    }),
    ...checkBooleans(column, path),
    ...checkColumnContract(column, path),
    ...(problem ? [{ path: [...path, 'default'], message: problem }] : []),
    ...(wrong ? [{ path: [...path, 'expression'], message: wrong }] : []),
    ...(broken ? [{ path: [...path, 'check'], message: broken }] : []),
  ];
}

const listTypes = (types: string[]) =>
  types.length === 1 ? types[0]! : `${types.slice(0, -1).join(', ')} and ${types.at(-1)}`;

const TRUE_TEXTS = ['true', 't', 'yes', 'y', 'on', '1'];
const FALSE_TEXTS = ['false', 'f', 'no', 'n', 'off', '0'];

function checkBooleans({ true_values: given, false_values: others }: ColumnShape, path: Path): Fault[] {
  if (!given && !others) return [];
  const [trues, falses] = [lower(given ?? TRUE_TEXTS), lower(others ?? FALSE_TEXTS)];
  const both = trues.find((text) => falses.includes(text));
  if (both === undefined) return [];
  const key = others ? 'false_values' : 'true_values';
  const usual = given && others ? '' : `; without ${others ? 'true' : 'false'}_values it is a usual one`;
  const message = `expected other texts for true than for false, got ${JSON.stringify(both)} for both${usual}`;
  return [{ path: [...path, key], message }];
}

const lower = (texts: unknown) =>
  Array.isArray(texts) ? texts.map((text) => String(text).toLowerCase()) : [];

function checkColumnName(name: string, other: string | undefined): string | undefined {
  if (!COLUMN_NAME.test(name) || Buffer.byteLength(name) > MAX_COLUMN_BYTES) {
    const shown = JSON.stringify(name.length > 64 ? `${name.slice(0, 64)}…` : name);
    return `expected a column name of letters, digits and _ (at most 63 bytes, no digit first), got ${shown}`;
  }
  const system = refuseSystemColumn(name);
  if (system) return system;
  return other && `expected column names that differ in more than case, got "${other}" and "${name}"`;
}
