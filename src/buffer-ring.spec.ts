import { describe, expect, it } from '@jest/globals';
import { BufferRing } from './buffer-ring.js';

function fill(ring: BufferRing, length: number, value: number): Buffer {
  const room = ring.room(length).fill(value);
  ring.keep(length);
  return room;
}

describe('BufferRing', () => {
  it('hands memory out again only after all of it was handed out', () => {
    const ring = new BufferRing(10);
    const pieces = [1, 2, 3].map((value) => fill(ring, 3, value));
    expect(pieces.map((piece) => [...piece])).toEqual([
      [1, 1, 1],
      [2, 2, 2],
      [3, 3, 3],
    ]);
    fill(ring, 3, 4);
    expect(pieces.map((piece) => piece[0])).toEqual([4, 2, 3]);
  });

  it('gives what was not kept again', () => {
    const ring = new BufferRing(10);
    ring.room(8);
    ring.keep(2);
    expect(fill(ring, 8, 5).byteOffset).toBe(fill(ring, 1, 6).byteOffset + 2);
  });

  it('has memory of its own for a piece that is too large', () => {
    const ring = new BufferRing(4);
    const [small, large] = [fill(ring, 2, 1), fill(ring, 9, 2)];
    expect([large.length, [...small]]).toEqual([9, [1, 1]]);
  });

  it('begins small, and keeps what it has handed out while it grows', () => {
    const ring = new BufferRing(4 << 20);
    expect(ring.room(1).buffer.byteLength).toBeLessThan(1 << 20);
    const pieces = Array.from({ length: 40 }, (_, n) => fill(ring, 100_000, n));
    expect(pieces.map((piece) => [piece[0], piece.at(-1)])).toEqual(pieces.map((_, n) => [n, n]));
  });
});
