import { describe, expect, it } from '@jest/globals';
import { describeLeft } from './describe-left.js';

describe('describeLeft', () => {
  it.each([
    ['cut', 1, '1 reject stays in the list: expected whole records, got the first 64 KiB of longer ones'],
    ['altered', 2, '2 rejects stay in the list: expected records as they stood in the file, got some with'],
    [
      'unread',
      2,
      '2 rejects stay in the list: expected records, got a file or a text that could not be read',
    ],
    [null, 3, '3 rejects stay in the list: expected to know how the file was read'],
  ] as const)('%s: %d', (flaw, count, reason) => {
    const left = describeLeft({ source: 1, file: 'a.csv', flaw, count });
    expect(left).toEqual({ source: 1, name: 'a.csv', reason: expect.stringContaining(reason) });
  });
});
