import { describe, expect, it } from '@jest/globals';
import { moveTarget } from './move-target.js';

describe('moveTarget', () => {
  it.each([
    ['streams: []\n', 'streams: []\n'],
    ['target: { schema: shop }\n', 'target: { schema: shop }\n'],
    ['target: { host: h, user: u, schema: shop }\na: 1\n', 'target:\n  schema: shop\na: 1\n'],
    ['target: { host: h, ssl: true }\n', 'target:\n  schema: public\n'],
    ['target: [\n', 'target: [\n'],
  ])('%j', (yaml, expected) => {
    expect(moveTarget(yaml)).toBe(expected);
  });
});
