import { describe, expect, it } from '@jest/globals';
import type { ApiCursor } from '../../../config-history/api-source-config.js';
import { timeWindows } from './time-windows.js';

const NOW = Date.parse('2026-01-04T12:00:00.250Z');

function windowsOf(format: ApiCursor['format'], start: string | null, stepSeconds: number): string[] {
  const base = { field: 'at', place: null, endPlace: null, start: null, lookback: 0 };
  return [...timeWindows({ ...base, format, stepSeconds }, start, NOW)].map(
    ({ start: from, end }) => `${from}..${end}`,
  );
}

describe('timeWindows', () => {
  it.each<[ApiCursor['format'], string, number, string[]]>([
    [
      'auto',
      '2026-01-03T00:00:00Z',
      86_400,
      ['2026-01-03T00:00:00Z..2026-01-04T00:00:00Z', '2026-01-04T00:00:00Z..2026-01-04T12:00:01Z'],
    ],
    ['iso', '2026-01-04T12:00:00.000Z', 60, ['2026-01-04T12:00:00.000Z..2026-01-04T12:00:00.250Z']],
    ['date', '2026-01-03', 86_400, ['2026-01-03..2026-01-04', '2026-01-04..2026-01-05']],
    ['date', '2026-01-04', 43_200, ['2026-01-04..2026-01-05', '2026-01-04..2026-01-05']],
    ['unix', '1767528000', 86_400, ['1767528000..1767528001']],
    ['unix_ms', '1767528000000', 1, ['1767528000000..1767528000250']],
    ['iso', '2030-01-01T00:00:00Z', 86_400, ['2030-01-01T00:00:00Z..2030-01-02T00:00:00Z']],
  ])('%s from %s in steps of %s seconds', (format, start, step, expected) => {
    expect(windowsOf(format, start, step)).toEqual(expected);
  });

  it('leaves no moment between two windows', () => {
    const windows = windowsOf('iso', '2025-01-01T00:00:00.5Z', 3601);
    const ends = windows.map((window) => window.split('..'));
    for (const [index, [start]] of ends.slice(1).entries()) expect(ends[index]?.[1]).toBe(start);
    expect(windows).toHaveLength(Math.ceil((NOW - Date.parse('2025-01-01T00:00:00.5Z')) / 3_601_000));
  });

  it.each<[ApiCursor['format'], string | null, number, string]>([
    ['iso', null, 60, 'cursor.step: expected a stored value or cursor.start that is a time, got none'],
    ['auto', '17', 60, 'cursor.step: expected cursor.format to be iso, date, unix or unix_ms, got auto'],
    ['text', 'a', 60, 'cursor.step: expected cursor.format to be iso, date, unix or unix_ms, got text'],
    [
      'iso',
      '1970-01-01',
      60,
      'cursor.step: expected at most 100000 windows, got 29458801 from 1970-01-01 on',
    ],
  ])('%s refuses %s', (format, start, step, message) => {
    expect(() => windowsOf(format, start, step)).toThrow(message);
  });
});
