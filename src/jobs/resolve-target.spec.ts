import { describe, expect, it } from '@jest/globals';
import type { TargetConfig } from '../config-history/pipeline-config.js';
import { resolveTarget } from './resolve-target.js';

const home = {
  host: 'db',
  port: 5433,
  user: 'own',
  password: 'secret',
  database: 'service',
  schema: 'public',
  ssl: false,
};
const resolve = (target: TargetConfig | null) => resolveTarget(target, home);
const other = { host: 'far', user: 'u', password: 'p', database: 'd', schema: 's', ssl: false } as const;

describe('resolveTarget', () => {
  it.each([
    { name: 'no target: the own database', target: null, expected: home },
    {
      name: 'a schema only',
      target: { schema: 's', ssl: false } as const,
      expected: { ...home, schema: 's' },
    },
    {
      name: 'another database on the own server',
      target: { database: 'd', schema: 's', ssl: false } as const,
      expected: { ...home, database: 'd', schema: 's' },
    },
    { name: 'another server', target: other, expected: { ...other, port: 5432 } },
    {
      name: 'a port from a variable',
      target: { ...other, port: '6000' },
      expected: { ...other, port: 6000 },
    },
    {
      name: 'ssl without a check',
      target: { ...other, ssl: 'require' } as const,
      expected: { ...other, port: 5432, ssl: { rejectUnauthorized: false } },
    },
    {
      name: 'ssl with a check',
      target: { ...other, ssl: 'verify-full' } as const,
      expected: { ...other, port: 5432, ssl: true },
    },
    {
      name: 'the own password never goes to another server',
      target: { ...other, password: undefined },
      expected: { ...other, port: 5432, password: '' },
    },
  ])('$name', ({ target, expected }) => {
    expect(resolve(target)).toEqual(expected);
  });

  it.each([
    ['target.user', { ...other, user: undefined }],
    ['target.database', { ...other, database: '' }],
    ['target.port', { ...other, port: 'x' }],
    ['target.port', { ...other, port: 70_000 }],
  ])('refuses a wrong %s', (path, target) => {
    expect(() => resolve(target)).toThrow(`${path}: expected`);
  });
});
