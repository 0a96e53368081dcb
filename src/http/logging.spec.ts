import { Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { pinoHttp, type Options } from 'pino-http';
import { loggingOptions } from './logging.js';

/** The line that the service's logger writes for `fields`. */
function write(fields: object): Record<string, unknown> {
  let line = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      line += chunk.toString();
      done();
    },
  });
  const [options] = loggingOptions('info').pinoHttp as [Options, unknown];
  pinoHttp(options, stream).logger.info(fields);
  return JSON.parse(line);
}

describe('logging', () => {
  it.each([
    ['at the top', { password: 's3cret', token: 's3cret', apiKey: 's3cret' }],
    ['one level down', { target: { password: 's3cret', host: 'db' } }],
    ['two levels down', { config: { target: { password: 's3cret' } } }],
    ['in headers', { headers: { authorization: 's3cret', 'x-api-key': 's3cret', cookie: 's3cret' } }],
    ['in the headers of a request', { a: { headers: { 'x-api-key': 's3cret' } } }],
    [
      'in a query',
      { req: { id: 1, method: 'GET', url: '/runs?token=s3cret', headers: { cookie: 's3cret' } } },
    ],
    ['in the values of a statement', { err: Object.assign(new Error('failed'), { parameters: ['s3cret'] }) }],
    ['in the message of an error', { err: new Error('not a number: "s3cret"') }],
    ['in the message of an error that is the whole line', new Error('not a number: "s3cret"')],
  ])('leaves secrets out %s', (_name, fields) => {
    expect(JSON.stringify(write(fields))).not.toContain('s3cret');
  });

  it('says what an error says where the line says nothing else', () => {
    expect(write({ err: new Error('failed at "s3cret"') })['msg']).toBe('failed at …');
  });

  it('keeps what helps to find a fault', () => {
    const err = Object.assign(new TypeError('failed'), { code: '23505' });
    expect(write({ err })['err']).toMatchObject({ type: 'TypeError', code: '23505', message: 'failed' });
    const req = { id: 'r1', method: 'GET', url: '/runs?limit=1' };
    expect(write({ req })['req']).toEqual({ id: 'r1', method: 'GET', path: '/runs' });
  });
});
