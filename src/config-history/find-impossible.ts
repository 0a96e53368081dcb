import { didYouMean, nearestWord } from '../nearest-word.js';
import { isPlainMap } from './shape/key.js';
import { SchemaShape } from './shape/schema-shape.js';
import type { StreamShape } from './shape/stream-shape.js';

/**
 * Tells why a stream's table can have no column of that name, or undefined where it can: with strict_mode a table has the
 * declared columns and no others, and with snake_case no other has capitals.
 */
export function findImpossible(
  { table, stream }: { table: string; stream: StreamShape },
  column: string,
): string | undefined {
  const schema = stream.schema instanceof SchemaShape ? stream.schema : undefined;
  const isStrict = stream.strict_mode === true || schema?.strict_mode === true;
  const known = schema?.columns instanceof Map ? [...schema.columns.keys()] : [];
  const renamed = isPlainMap(stream.rename) ? Object.values(stream.rename) : [];
  const isPossible =
    known.includes(column) ||
    (!isStrict && renamed.includes(column)) ||
    (!isStrict && (stream.naming === 'as_is' || !/\p{Lu}/u.test(column)));
  if (isPossible) return undefined;
  const near = isStrict ? nearestWord(column, known) : toSnakeCase(column);
  const which = isStrict ? 'which keeps only those of its schema' : 'whose naming is snake_case';
  return `expected a column of ${table}, ${which}, got "${column}"${didYouMean(near)}`;
}

function toSnakeCase(name: string): string {
  return name.replace(/(?<=[\p{Ll}\p{N}])(?=\p{Lu})/gu, '_').toLowerCase();
}
