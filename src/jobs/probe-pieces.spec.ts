import { describe, expect, it } from '@jest/globals';
import { probePieces } from './probe-pieces.js';

const filesOf = (length: number) =>
  Array.from({ length }, (_, n) => ({ name: `page-${n}`, fingerprint: `f${n}` }));

describe('probePieces', () => {
  it.each([0, 1, 2, 15, 16])('tries %s files one by one', (length) => {
    const files = filesOf(length);
    expect(probePieces(files, {})).toEqual(files.map((file) => ({ ...file, files: [file] })));
  });

  it.each([17, 31, 32, 33, 800, 20_000])('tries %s files in 16 groups at most, each file once', (length) => {
    const files = filesOf(length);
    const pieces = probePieces(files, {});
    expect(pieces.length).toBeLessThanOrEqual(16);
    expect(pieces.flatMap((piece) => piece.files)).toEqual(files);
    expect(new Set(pieces.map(({ fingerprint }) => fingerprint)).size).toBe(pieces.length);
  });

  it('names a group by its ends', () => {
    expect(probePieces(filesOf(32), {})[1]?.name).toBe('page-2 to page-3');
  });

  it.each([
    [17, 1],
    [800, 2],
    [20_000, 3],
  ])('finds one of %s files when workers have died of %s groups', (length, deaths) => {
    const files = filesOf(length);
    const poison = files[Math.floor(length * 0.7)]!;
    const suspects: Record<string, number> = {};
    const deadly = () => probePieces(files, suspects).find((piece) => piece.files.includes(poison))!;
    for (let n = 0; n < deaths; n++) {
      expect(deadly().files.length).toBeGreaterThan(1);
      suspects[deadly().fingerprint] = 1;
      expect(probePieces(files, suspects).flatMap((piece) => piece.files)).toEqual(files);
    }
    expect(deadly()).toEqual({ ...poison, files: [poison] });
  });
});
