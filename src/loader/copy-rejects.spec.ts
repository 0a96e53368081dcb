import { describe, expect, it } from '@jest/globals';
import { toCsv } from './copy-rejects.js';

describe('toCsv', () => {
  it.each([
    { values: ['a', null, '', 7], line: '"a",,"","7"' },
    { values: ['\\.'], line: '"\\."' },
    { values: ['"; \n,'], line: '"""; \n,"' },
    { values: ['a\0b'], line: '"a\u2400b"' },
    { values: ['x'.repeat(70_000)], line: `"${'x'.repeat(65_536)}"` },
  ])('%#', ({ values, line }) => {
    expect(toCsv(values)).toBe(line);
  });
});
