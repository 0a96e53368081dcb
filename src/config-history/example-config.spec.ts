import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { EXAMPLE_CONFIG } from './example-config.js';

it('is the example of the README, so that sending it in Swagger UI changes nothing', () => {
  const readme = readFileSync(new URL('../../examples/shop.yaml', import.meta.url), 'utf8');
  expect(EXAMPLE_CONFIG).toBe(readme);
});
