import { randomUUIDv7 } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { decodeCursor, encodeCursor, firstIdAt, isUuid, pageOf } from './page.js';

const id = '0198f0a0-0000-7000-8000-00000000000a';

describe('cursor', () => {
  it('comes back as it went out', () => {
    expect(decodeCursor(encodeCursor(id))).toBe(id);
  });

  it.each(['', 'x', '%00', id, `${encodeCursor(id)}=`, encodeCursor('not an id')])('refuses %p', (cursor) => {
    expect(() => decodeCursor(cursor)).toThrow(
      `cursor: expected the nextCursor of an earlier answer, got "${cursor}"`,
    );
  });
});

describe('firstIdAt', () => {
  it.each([
    ['2025-08-28T12:21:14.368Z', '0198f0a0-0000-7000-8000-000000000000'],
    ['1969-12-31T23:59:59Z', '00000000-0000-7000-8000-000000000000'],
    ['+275760-09-13T00:00:00Z', 'ffffffff-ffff-7000-8000-000000000000'],
  ])('%s: %s', (moment, first) => {
    expect(firstIdAt(new Date(moment))).toBe(first);
  });

  it('parts the ids of before from those of after', () => {
    const [before, made, after] = [Date.now() - 1_000, randomUUIDv7(), Date.now() + 1_000];
    expect(isUuid(firstIdAt(new Date()))).toBe(true);
    expect(firstIdAt(new Date(before)) < made && made < firstIdAt(new Date(after))).toBe(true);
  });
});

describe('pageOf', () => {
  const rows = [{ id: 'a' }, { id: 'b' }, { id: 'c' }];
  it.each([
    { name: 'more to come', limit: 2, items: 2, next: encodeCursor('b') },
    { name: 'the last page, full', limit: 3, items: 3, next: null },
    { name: 'the last page, short', limit: 4, items: 3, next: null },
  ])('$name', ({ limit, items, next }) => {
    const page = pageOf(rows.slice(0, limit + 1), limit);
    expect(page.items).toHaveLength(items);
    expect(page.nextCursor).toBe(next);
  });

  it('is empty for nothing', () => {
    expect(pageOf([], 5)).toEqual({ items: [], nextCursor: null });
  });
});
