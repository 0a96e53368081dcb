import { formatColumnType } from './column-types.js';
import { isText, type SettledColumn } from './settled-column.js';
import { FAULT } from './stage-sql.js';

/**
 * Why a record was refused, in a sentence.
 *
 * @param error as `#error` holds it
 * @param column the one at fault; undefined: the record has none
 * @param bad its text, as it was read where the column is cleaned; of an expression: its result, or what it was given
 */
export function describeFault(error: number, column: SettledColumn | undefined, bad: string | null): string {
  if (!column || (column.isUnwanted && error >= FAULT.empty))
    return 'expected a record with at least one field, got one without any';
  const { name, type, isUnwanted } = column;
  if (isUnwanted)
    return `${name}: expected no value in a new column (new_columns: reject), got ${JSON.stringify(bad)}`;
  if (error >= FAULT.failed)
    return `${name}: expected its expression to have a result, it failed with ${bad}`;
  if (error >= FAULT.nul) return `${name}: expected text, got a NUL character`;
  if (error >= FAULT.required) return `${name}: expected a value (required), got NULL`;
  return `${name}: expected ${formatColumnType(type)}${writtenAs(column)}, got ${JSON.stringify(bad)}${mappedTo(column, bad)}`;
}

function writtenAs({ formats, cleaning = {} }: SettledColumn): string {
  if (formats.length > 0) return ` written as ${formats.join(' or ')}`;
  if (cleaning.decimal) return ` written as ${cleaning.decimal === ',' ? '1.234,56' : '1,234.56'}`;
  const { trueValues, falseValues } = cleaning;
  if (!trueValues && !falseValues) return '';
  const written = (texts: string[] | undefined, usual: string) => texts?.join(', ') ?? usual;
  return ` written as ${written(trueValues, 'true')} or ${written(falseValues, 'false')}`;
}

/** What does not fit may be the text that it was mapped to. */
function mappedTo(column: SettledColumn, bad: string | null): string {
  const { map, trim = !isText(column) } = column.cleaning ?? {};
  const key = trim ? bad?.trim() : bad;
  if (!map || key === undefined || key === null || !Object.hasOwn(map, key)) return '';
  return `, mapped to ${JSON.stringify(map[key])}`;
}
