import { PagingFailed } from '../api-errors.js';
import type { FindValues } from '../json-path.js';
import { isRawNumber, rawText } from '../parse-json.js';

/**
 * Whether the next page may begin after the last record of this one, as to the records in it. Two with the same value show that
 * others may have it behind the border, which the next page would leave out; numbers that go up and down show that records are
 * not in the order of their values. Texts are not compared but for being equal: each database sorts them its own way. Throws
 * PagingFailed `KEYSET_UNORDERED`.
 */
export function checkKeyOrder(records: readonly unknown[], find: FindValues, field: string): void {
  let before = null as { text: string; number: number } | null;
  let direction = 0;
  for (const [index, record] of records.entries()) {
    const [key] = find(record);
    if (key === undefined || key === null) continue;
    const text = JSON.stringify(key);
    if (text === before?.text)
      throw unordered(field, 'the same in two of them, so that others would be left out', index);
    const number = typeof key === 'number' || isRawNumber(key) ? Number(rawText(key)) : NaN;
    const turn = before === null ? 0 : Math.sign(number - before.number) || 0;
    if (turn * direction < 0) throw unordered(field, 'values that go up and down', index);
    direction = turn || direction;
    before = { text, number };
  }
}

function unordered(field: string, got: string, index: number): PagingFailed {
  return new PagingFailed(
    'KEYSET_UNORDERED',
    `pagination keyset: expected records in the order of ${field}, each with another value, got ${got} (record ${index + 1} of the ` +
      'page); ask for that order, and choose a field whose values are unique, or another kind of pagination',
  );
}
