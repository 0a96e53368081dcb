import { describe, expect, it } from '@jest/globals';
import { identityRanges } from './identity-ranges.js';

const limits = (range: string) => [...range.matchAll(/'([0-9a-f-]{36})'/g)].map(([, uuid]) => uuid!);
const asNumber = (uuid: string) => BigInt(`0x${uuid.replaceAll('-', '')}`);

describe('identityRanges', () => {
  it.each([0, 1, 1 << 20])('is one for %d identities', (identities) => {
    expect(identityRanges(identities)).toEqual(['"#hash" IS NOT NULL']);
  });

  it.each([(1 << 20) + 1, 3_000_000, 10_000_000, 1e9, 1e12])(
    'leaves no gap and no overlap for %d',
    (identities) => {
      const ranges = identityRanges(identities).map(limits);
      expect(ranges).toHaveLength(Math.min(32, Math.ceil(identities / (1 << 20))));
      expect(asNumber(ranges[0]![0]!)).toBe(0n);
      expect(asNumber(ranges.at(-1)![1]!)).toBe((1n << 128n) - 1n);
      const begins = ranges.slice(1).map(([first]) => asNumber(first!));
      expect(begins).toEqual(ranges.slice(0, -1).map(([, last]) => asNumber(last!) + 1n));
    },
  );
});
