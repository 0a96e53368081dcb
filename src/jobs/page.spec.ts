import { describe, expect, it } from '@jest/globals';
import { decodeCursor, encodeCursor, pageOf } from './page.js';

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
