import { inspect } from 'node:util';
import { expect, it } from '@jest/globals';
import { TransientError } from '../../../errors.js';
import { redactError } from './redact-error.js';
import { Secrets } from './secrets.js';

const secrets = new Secrets();
secrets.add('hunter2');

it('leaves no secret anywhere in an error', () => {
  const deepest = Object.assign(new Error('deepest hunter2'), {
    config: { headers: { authorization: 'other' } },
    request: {},
    code: 'ELOST',
    input: 'hunter2',
  });
  const middle = new Error('middle hunter2', { cause: deepest });
  const error = new TransientError('LOST', 'top hunter2', [{ message: 'detail hunter2' }], { cause: middle });
  expect(redactError(error, secrets)).toBe(error);
  expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/hunter2|authorization/);
  expect(error).toMatchObject({ code: 'LOST', message: 'top ***', details: [{ message: 'detail ***' }] });
  expect(deepest).toMatchObject({ code: 'ELOST', input: '***' });
});

it.each([null, undefined, 'hunter2', 7])('leaves %p, which is no error', (thrown) => {
  expect(redactError(thrown, secrets)).toBe(thrown);
});

it('ends at causes that go round', () => {
  const error = new Error('hunter2');
  error.cause = error;
  expect(redactError(error, secrets).message).toBe('***');
});
