import { describe, expect, it } from '@jest/globals';
import { followPage } from '../../../../test/follow-page.js';
import { HOME } from '../../../../test/walk-pages.js';
import type { ApiPagination } from '../../../config-history/api-source-config.js';
import { createPaginator } from './paginators.js';

const PAGINATION: ApiPagination = { type: 'range', size: 1000, unit: 'items', shortPageEnds: false };
const items = (count: number) => Array.from({ length: count }, (_, id) => ({ id }));
const later = { from: 1000, size: 1000 };

function follow(count: number, status: number, range: string | null, position?: typeof later) {
  const body = items(count);
  return followPage({
    pagination: PAGINATION,
    body,
    status,
    records: '$',
    ...(range !== null && { headers: { 'content-range': range } }),
    ...(position && { position, before: position.from }),
  });
}

describe('range', () => {
  it.each<[string, number, number, string | null, typeof later | undefined, number | null]>([
    ['Supabase, first of three', 1000, 206, '0-999/2500', undefined, 1000],
    ['with its unit', 1000, 206, 'items 0-999/2500', undefined, 1000],
    ['last of two', 500, 206, '1000-1499/1500', later, null],
    ['last of two, full', 1000, 206, '1000-1999/2000', later, null],
    ['all', 7, 200, '0-6/7', undefined, null],
    ['nothing', 0, 200, '*/0', undefined, null],
    ['nothing, not counted', 0, 200, '*/*', undefined, null],
    ['not counted, full', 1000, 200, '0-999/*', undefined, 1000],
    ['not counted, short', 999, 200, '0-998/*', undefined, 999],
    ['not counted, nothing more', 0, 200, '*/*', later, null],
    ['capped below what was asked for', 100, 206, '0-99/2500', undefined, 100],
    ['capped, not counted', 100, 200, '0-99/*', undefined, 100],
    ['capped, not counted but partial', 33, 206, '0-32/*', undefined, 33],
    ['past the end', 0, 416, '*/1000', later, null],
    ['past the end, empty from the start', 0, 416, null, undefined, null],
    ['no Content-Range, full', 1000, 200, null, undefined, 1000],
    ['no Content-Range, short', 50, 200, null, undefined, 50],
    ['no Content-Range, more than asked for', 2500, 200, null, undefined, 2500],
  ])('%s', (_name, count, status, range, position, expected) => {
    const { next, request } = follow(count, status, range, position);
    expect(next?.from ?? null).toBe(expected);
    const headers = { 'range-unit': 'items', range: `${expected}-${Number(expected) + 999}` };
    expect(request?.headers ?? null).toEqual(expected === null ? null : headers);
  });

  it.each<[string, string, string]>([
    [
      'another unit',
      'bytes 0-999/2500',
      'Content-Range: expected items as in 0-999/2500, got bytes 0-999/2500',
    ],
    ['no range', 'all', 'Content-Range: expected items as in 0-999/2500, got all'],
    [
      'another place',
      '0-999/2500',
      'pagination range: expected records from 1000 on, got Content-Range 0-999',
    ],
    ['the wrong way round', '1000-999/2500', 'got Content-Range 1000-999'],
  ])('refuses %s', (_name, range, message) => {
    expect(() => follow(1000, 206, range, later)).toThrow(message);
  });

  it('tells the total, and that 416 is no failure', () => {
    const base = {
      url: `${HOME}/items`,
      method: 'GET' as const,
      origins: [],
      records: '$',
      auth: { type: 'none' as const },
    };
    const { isPastEnd, totalOf } = createPaginator(PAGINATION, base);
    const page = { status: 206, url: base.url, body: [], records: 0, given: [], total: 0 };
    const totals = ['0-999/2500', '0-999/*'].map((range) =>
      totalOf?.({ ...page, headers: { 'content-range': range } }),
    );
    const ends = [416, 404].map((status) => isPastEnd?.(status, later));
    expect([ends, totals]).toEqual([
      [true, false],
      [2500, null],
    ]);
  });

  it.each([206, 200, 416])('fails where it ends with %s before the total', (status) => {
    expect(() => follow(0, status, '*/2500', later)).toThrow(
      'expected 2500 records, as Content-Range says, got an end after 1000 records',
    );
  });
});
