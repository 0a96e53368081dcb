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

  it('takes the schema of the service where a config names neither host nor schema', () => {
    expect(resolveTarget({ ssl: false } as TargetConfig, { ...home, schema: 'own' }).schema).toBe('own');
    expect(resolve({ ...other, schema: undefined } as unknown as TargetConfig).schema).toBe('public');
  });

  it.each([
    ['target.host', { ...other, host: '' }],
    ['target.user', { ...other, user: undefined }],
    ['target.database', { ...other, database: '' }],
    ['target.port', { ...other, port: 'x' }],
    ['target.port', { ...other, port: 70_000 }],
    ['target.schema', { ...other, schema: '' }],
    ['target.schema', { ...other, schema: 'x'.repeat(64) }],
    ['target.schema', { ...other, schema: 'millrace' }],
    ['target.schema', { ...other, schema: 'information_schema' }],
    ['target.schema', { schema: 'pgboss', ssl: false } as const],
    ['target.schema', { schema: 'pg_catalog', ssl: false } as const],
  ])('refuses a wrong %s', (path, target) => {
    expect(() => resolve(target)).toThrow(`${path}: expected`);
  });

  it.each<Partial<TargetConfig>>([
    { port: 9999 },
    { user: 'u' },
    { password: 'p' },
    { database: 'd' },
    { ssl: 'require' },
    { ssl: true },
  ])('sends the own password nowhere else: refuses %j without a host', (part) => {
    expect(() => resolve({ schema: 's', ssl: false, ...part })).toThrow(
      `target.${Object.keys(part)[0]}: expected target.host beside it`,
    );
  });
});
