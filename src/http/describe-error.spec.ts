import { describe, expect, it } from '@jest/globals';
import { TerminalError, TransientError } from '../errors.js';
import { describeError } from './describe-error.js';

const canary = 'canary-17';
const withFields = (message: string, fields: object) => Object.assign(new Error(message), fields);

function parseFault(text: string): Error {
  try {
    JSON.parse(text);
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected a text that is no JSON');
}

describe('describeError', () => {
  const quoting: [string, Error, string][] = [
    [
      'an engine',
      new Error(`Conversion Error: Could not convert '${canary}'`),
      'Conversion Error: Could not convert …',
    ],
    [
      'an engine that quotes lines',
      new Error(`CSV Error on Line: 3\nOriginal Line: ${canary}`),
      'CSV Error on Line: …',
    ],
    ['an engine that prints numbers', new Error('Overflow of 4711 * 2'), 'Overflow of …'],
    ['a JSON parser', parseFault(`${canary}`), 'Unexpected token …'],
    [
      'a database about data',
      withFields(`invalid input syntax: "${canary}"`, { code: '22P02', severity: 'ERROR' }),
      'invalid input syntax: …',
    ],
    [
      'a trigger',
      withFields(`no row like "${canary}"`, { code: 'P0001', severity: 'ERROR' }),
      'no row like …',
    ],
    [
      'TypeORM about data',
      withFields(`bad value "${canary}"`, {
        driverError: withFields('', { code: '22P02', severity: 'ERROR' }),
        parameters: [canary],
      }),
      'bad value …',
    ],
  ];
  it.each(quoting)('leaves out what %s quotes', (_name, error, message) => {
    const described = describeError(error);
    expect(described.message).toBe(message);
    expect(JSON.stringify(described)).not.toContain(canary);
    expect(JSON.stringify(described)).not.toContain('4711');
  });

  const speaking: [string, Error][] = [
    ['a terminal error', new TerminalError('FILE_NAME', 'expected "a", got 2')],
    ['a transient error', new TransientError('FILE_CHANGED', 'a.csv: expected 3 bytes')],
    ['a system call', withFields("ENOENT: open '/a/1'", { syscall: 'open', errno: -2, code: 'ENOENT' })],
    ['a database about names', withFields('no table "a1"', { code: '42P01', severity: 'ERROR' })],
  ];
  it.each(speaking)('keeps all that %s says', (_name, error) => {
    expect(describeError(error).message).toBe(error.message);
  });

  it('tells where it was thrown, whatever the message holds', () => {
    const { stack } = describeError(new Error(`first\n    at ${canary} (a.ts:1:1)\nlast`));
    expect(stack).toMatch(/^ {4}at .*describe-error\.spec\.ts/);
    expect(stack).not.toContain(canary);
  });

  it('tells no stack that does not begin with the message', () => {
    const error = new Error(`${canary}\n    at ${canary} (a.ts:1:1)`);
    // It is put together when it is first asked for.
    expect(error.stack).toContain(canary);
    error.message = 'another';
    expect(describeError(error).stack).toBeUndefined();
  });

  it('tells the causes, a few of them', () => {
    const loop = new TransientError('A', 'first');
    loop.cause = new Error(`second '${canary}'`, { cause: loop });
    const described = describeError(loop);
    expect(described.cause).toMatchObject({ message: 'second …', cause: { message: 'first' } });
    expect(JSON.stringify(described)).not.toContain(canary);
  });

  it.each([['text'], [undefined], [null], [{ message: canary }]])('knows nothing of %p', (thrown) => {
    expect(describeError(thrown).message).toBe('something that is not an error');
  });
});
