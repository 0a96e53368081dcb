import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ApiCursor } from '../../../config-history/api-source-config.js';
import { cursorStart, CursorTrack } from './api-cursor.js';
import { parseJson } from '../parse-json.js';

const CURSOR: ApiCursor = {
  field: 'at',
  place: null,
  endPlace: null,
  start: null,
  lookback: 0,
  format: 'auto',
  stepSeconds: null,
};
type Format = ApiCursor['format'];

/** Records as a page has them; values are written as JSON. */
function recordsWith(values: readonly string[]): unknown[] {
  return values.map((value) => parseJson(`{"at":${value}}`));
}

describe('CursorTrack', () => {
  it.each<[Format, string[], string | null, number]>([
    ['auto', ['9', '10', '2'], '10', 0],
    ['auto', ['12345678901234567890', '12345678901234567891', '5'], '12345678901234567891', 0],
    ['auto', ['"9"', '"10"'], '10', 0],
    ['number', ['1.10', '1.1', '1.09'], '1.10', 0],
    ['number', ['1e400', '1', '-1e399'], '1e400', 0],
    ['number', ['1.00000000000000000001', '1'], '1.00000000000000000001', 0],
    ['number', ['1', '"one"', 'null', '{"a":1}', '2'], '2', 3],
    ['auto', ['"2026-01-02T00:00:00Z"', '"2026-01-02T00:30:00+01:00"'], '2026-01-02T00:00:00Z', 0],
    [
      'auto',
      ['"2026-01-01 10:00:00.000001"', '"2026-01-01 10:00:00.000002"'],
      '2026-01-01 10:00:00.000002',
      0,
    ],
    ['iso', ['"2026-02-28"', '"2026-02-30"', '"2025-12-31T23:59:60Z"'], '2026-02-28', 1],
    ['date', ['"2026-02-01"', '"2026-02-01T00:00:00.5Z"'], '2026-02-01T00:00:00.5Z', 0],
    ['unix', ['1700000000', '1700000000.000001', '"2020-01-01"'], '1700000000.000001', 0],
    ['unix_ms', ['1700000000001', '1700000000000'], '1700000000001', 0],
    ['text', ['"a10"', '"a9"', '9'], 'a9', 0],
    ['text', ['"\\ue000"', '"\\ud83d\\ude00"'], '\u{1f600}', 0],
    ['auto', ['"b"', '"a"', '"ab"'], 'b', 0],
    ['auto', [], null, 0],
    ['auto', ['"unknown"', 'null', '"2026-01-02"', '"2026-01-01"'], '2026-01-02', 2],
    ['auto', ['"n/a"', '7', '"2026-01-02"'], '7', 2],
    [
      'auto',
      ['"2026-02-01"', '"9999-12-31"', '"2026-06-03"', '"2026-06-01T23:59:59Z"'],
      '2026-06-01T23:59:59Z',
      2,
    ],
    ['iso', ['"2026-06-02T12:00:00Z"', '"2026-06-02T12:00:00.000000001Z"'], '2026-06-02T12:00:00Z', 1],
    ['unix', ['1700000000', '1700000000000'], '1700000000', 1],
    ['unix_ms', ['1700000000000', '1700000000000000'], '1700000000000', 1],
    ['date', ['"9999-12-31"'], null, 1],
    ['text', ['"9999-12-31"', '"2026-01-01"'], '9999-12-31', 0],
  ])('%s: of %j the highest is %s', (format, values, highest, unreadable) => {
    const track = new CursorTrack({ ...CURSOR, format }, null, Date.parse('2026-06-01T12:00:00Z'));
    expect(track.readPage(recordsWith(values))).toEqual({ highest, unreadable });
  });

  it('never falls below the stored value', () => {
    const track = new CursorTrack(CURSOR, '100');
    track.raise('99');
    expect(track.value).toBe('100');
    track.raise('101');
    expect(track.value).toBe('101');
  });

  it('takes the kind of auto from the stored value', () => {
    expect(new CursorTrack(CURSOR, '100').readPage(recordsWith(['"abc"', '7']))).toEqual({
      highest: '7',
      unreadable: 1,
    });
  });

  it('finds the same highest value in any order of records and pages', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), { minLength: 1 }), (values) => {
        const track = new CursorTrack({ ...CURSOR, format: 'number' }, null);
        for (const value of values) track.raise(track.readPage(recordsWith([String(value)])).highest ?? '');
        const highest = values.reduce((most, value) => (value > most ? value : most));
        expect(track.value).toBe(String(highest));
      }),
    );
  });
});

describe('cursorStart', () => {
  it.each<[Partial<ApiCursor>, string | null, string | null]>([
    [{}, null, null],
    [{ start: '5' }, null, '5'],
    [{ start: '5', lookback: 2 }, null, '5'],
    [{ start: '5' }, '12', '12'],
    [{ lookback: 2 }, '12345678901234567890', '12345678901234567888'],
    [{ lookback: 0.5 }, '1', '0.5'],
    [{ format: 'number', lookback: 10 }, '-3.25', '-13.25'],
    [{ lookback: 3600 }, '2026-01-01T00:30:00.123456+02:00', '2025-12-31T21:30:00.123456Z'],
    [{ lookback: 0 }, '2026-01-01T00:30:00.123456+02:00', '2026-01-01T00:30:00.123456+02:00'],
    [{ lookback: 60 }, '2026-01-01 00:00:30', '2025-12-31 23:59:30'],
    [{ lookback: 86_400 }, '2026-03-01', '2026-02-28'],
    [{ format: 'unix', lookback: 60 }, '2026-01-01T00:00:00.9Z', '1767225540'],
    [{ format: 'unix', start: '2026-01-01' }, null, '1767225600'],
    [{ format: 'unix_ms' }, '1767225600123', '1767225600123'],
    [{ format: 'unix_ms' }, '2026-01-01T00:00:00.1239Z', '1767225600123'],
    [{ format: 'unix_ms' }, '1969-12-31T23:59:59.9995Z', '-1'],
    [{ format: 'date' }, '2026-01-02T01:00:00+02:00', '2026-01-01'],
    [{ format: 'date' }, '2026-01-01T23:00:00-05:00', '2026-01-01'],
    [{ format: 'text' }, 'b7', 'b7'],
  ])('%j with %s stored asks from %s on', (cursor, stored, expected) => {
    expect(cursorStart({ ...CURSOR, ...cursor }, stored)).toBe(expected);
  });

  it.each<[Partial<ApiCursor>, string | null, string]>([
    [
      { format: 'unix' },
      'abc',
      'the stored cursor: expected a value of the format unix, or a reset of the stream, got "abc"',
    ],
    [{ format: 'date', start: 'x' }, null, 'cursor.start: expected a value of the format date, got "x"'],
    [{ lookback: 5 }, 'b7', 'cursor.lookback: expected a time or a number, got "b7"'],
  ])('%j refuses %s', (cursor, stored, message) => {
    expect(() => cursorStart({ ...CURSOR, ...cursor }, stored)).toThrow(message);
  });
});
