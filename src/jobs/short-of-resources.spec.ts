import { describe, expect, it } from '@jest/globals';
import { TerminalError, TransientError } from '../errors.js';
import { shortOfResources } from './short-of-resources.js';

const failure = (code: string) =>
  Object.assign(new Error(`${code}: no luck, write '/secret/place'`), { code });

describe('shortOfResources', () => {
  it.each([
    ['ENOSPC', 'DISK_FULL'],
    ['EMFILE', 'TOO_MANY_OPEN_FILES'],
    ['ENFILE', 'TOO_MANY_OPEN_FILES'],
    ['EIO', 'DISK_IO'],
    ['EAGAIN', 'SYSTEM_BUSY'],
    ['EBUSY', 'SYSTEM_BUSY'],
  ])('%s may pass: %s', (code, expected) => {
    const error = shortOfResources(failure(code));
    expect(error).toBeInstanceOf(TransientError);
    expect(error).toMatchObject({ code: expected, message: expect.stringContaining(`(${code})`) });
    expect(error?.message).not.toContain('secret');
  });

  it.each([
    ['EACCES', failure('EACCES')],
    ['toString', failure('toString')],
    ['a terminal error', new TerminalError('ENOSPC_', 'x')],
    ['a transient error', new TransientError('ENOSPC', 'x')],
    ['no error', { code: 'ENOSPC' }],
  ])('leaves %s alone', (_name, error) => {
    expect(shortOfResources(error)).toBeNull();
  });
});
