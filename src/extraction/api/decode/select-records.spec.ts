import { describe, expect, it } from '@jest/globals';
import { ApiRefused } from '../api-errors.js';
import { parseJson } from '../parse-json.js';
import { selectRecords, type Selected } from './select-records.js';

function selectShape(text: string, records: string): Selected {
  const csv = { delimiter: 'auto', quote: '"', header: true, columns: null, nulls: [''] };
  const refuse = (code: string, reason: string): ApiRefused => new ApiRefused(code, reason);
  const hide = (shown: string): string => shown.replaceAll('s3cret', '***');
  return selectRecords(parseJson(text), { source: { records, csv }, refuse, hide });
}

function select(text: string, records: string): unknown[] {
  return selectShape(text, records).records;
}

describe('selectRecords', () => {
  it.each([
    ['$', '[{"a":1},{"a":2}]', [{ a: 1 }, { a: 2 }]],
    ['$', '{"a":1}', [{ a: 1 }]],
    ['$.data', '{"data":[{"a":1}]}', [{ a: 1 }]],
    ['data.items', '{"data":{"items":[{"a":1}]}}', [{ a: 1 }]],
    ['$.data', '{"data":{"a":1}}', [{ a: 1 }]],
    ["$['da ta']", '{"da ta":[{"a":1}]}', [{ a: 1 }]],
    ['$.data[*].node', '{"data":[{"node":{"a":1}},{"node":{"a":2}}]}', [{ a: 1 }, { a: 2 }]],
    [
      '$.groups[*].items',
      '{"groups":[{"items":[{"a":1}]},{"items":[]},{"items":[{"a":2}]}]}',
      [{ a: 1 }, { a: 2 }],
    ],
    ['$.data[?@.on]', '{"data":[{"a":1,"on":true},{"a":2}]}', [{ a: 1, on: true }]],
    ['$..items', '{"x":{"items":[{"a":1}]},"items":[{"a":2}]}', [{ a: 2 }, { a: 1 }]],
    ['$.data', '{"data":[1,"x",null,[2]]}', [1, 'x', null, [2]]],
    ['$.data', '{"data":[{}]}', [{}]],
    ['$.data', '{"data":[{"a":1}],"error":null,"errors":[]}', [{ a: 1 }]],
    ['$.rows', '{"rows":[{"a":1}],"errors":[{"message":"a warning"}]}', [{ a: 1 }]],
    ['$.rows', '{"rows":[{"a":1}],"error":false}', [{ a: 1 }]],
  ])('finds the records at %s of %s', (path, text, expected) => {
    expect(select(text, path)).toEqual(expected);
  });

  it.each([
    ['{"code":429,"message":"slow down","data":null}', '{"code":429,"message":"slow down"}'],
    ['{"success":false,"data":null}', '{"success":false}'],
    ['{"success":false,"data":[]}', '{"success":false}'],
    ['{"ok":false,"data":{}}', '{"ok":false}'],
    ['{"status":"error","data":null}', '{"status":"error"}'],
    ['{"status":"ERROR","data":[]}', '{"status":"ERROR"}'],
    ['{"errors":[{"title":"no"}],"data":null}', '{"errors":[{"title":"no"}]}'],
    ['{"message":"key s3cret is over quota","data":null}', '{"message":"key *** is over quota"}'],
    ['{"errorCode":"E_LIMIT","data":null}', '{"errorCode":"E_LIMIT"}'],
    ['{"statusCode":500,"data":null}', '{"statusCode":500}'],
  ])('refuses %s as an error', (text, said) => {
    const message = `expected records at $.data, got none and ${said}`;
    const refused = expect.objectContaining({ code: 'API_ERROR_ANSWER', message });
    expect(() => select(text, '$.data')).toThrow(refused as unknown as Error);
  });

  it('quotes at most 200 characters of an error, and no half of a secret', () => {
    const message = `${'x'.repeat(184)}s3cret`;
    expect(() => select(JSON.stringify({ message, data: null }), '$.data')).toThrow(/got none and .{200}…$/);
    expect(() => select(JSON.stringify({ message, data: null }), '$.data')).not.toThrow(/s3/);
  });

  it.each([
    ['$.data', '{"code":0,"message":"ok","data":null}'],
    ['$.data', '{"code":200,"msg":"nothing there","data":null}'],
    ['$.data', '{"code":"20000","message":"Success","data":null}'],
    ['$.data', '{"success":true,"message":"no orders yet","data":null}'],
    ['$.data', '{"status":"OK","error":false,"data":null}'],
    ['$.data', '{"errors":[],"error":null,"message":"","data":null}'],
    ['$.data', '{"message":"nothing found","data":[]}'],
  ])('takes %s of %s for no records', (path, text) => {
    expect(select(text, path)).toEqual([]);
  });

  it.each([
    ['$', '[]', 'list'],
    ['$', '[{"a":1}]', 'list'],
    ['$', '{"a":1}', 'one'],
    ['$', '{}', 'none'],
    ['$', 'null', 'null'],
    ['$.data', 'null', 'none'],
    ['$.data', '[]', 'list'],
    ['$.data', '{"data":null}', 'null'],
    ['$.data[*]', '{"data":[]}', 'list'],
    ['$.data[*]', '{"data":null}', 'null'],
    ['$.data[*]', '{}', 'none'],
    ['$.data[*]', '{"data":[{"a":1}]}', 'list'],
    ['$.data[?@.on]', '{"data":[{"a":1}]}', 'list'],
  ])('tells the form of %s of %s: %s', (path, text, shape) => {
    expect(selectShape(text, path).shape).toBe(shape);
  });

  it.each([
    ['$', '[]'],
    ['$', '{}'],
    ['$', 'null'],
    ['$.data', '{"data":[]}'],
    ['$.data', '{"data":null,"next":null}'],
    ['$.data', '{"data":{},"next":null}'],
    ['$.data', '{}'],
    ['$.data', '[]'],
    ['$.data', 'null'],
    ['$.data[*]', '{"data":[]}'],
    ['$.data[*]', '{"data":null}'],
    ['$.data[*].node', '{"data":[],"error":""}'],
    ['$.data[?@.on]', '{"data":[{"a":1}],"error":0}'],
    ['$[?@.on]', '[{"a":1}]'],
  ])('takes %s of %s for a page without records', (path, text) => {
    expect(select(text, path)).toEqual([]);
  });

  it.each([
    [
      '$.data',
      '{"items":[{"a":1}],"next":null}',
      'API_RECORDS_MISSING',
      'expected records at $.data, got an object with "items", "next"',
    ],
    [
      '$.data.items',
      '{"data":[]}',
      'API_RECORDS_MISSING',
      'expected records at $.data.items, got an object with "data"',
    ],
    ['$.data', '[{"data":1}]', 'API_RECORDS_MISSING', 'expected records at $.data, got an array of 1'],
    ['$.data', '"no"', 'API_RECORDS_MISSING', 'expected records at $.data, got a string'],
    ['$.data', '1.10', 'API_RECORDS_MISSING', 'expected records at $.data, got a number'],
    [
      '$.data[*]',
      '{"items":[]}',
      'API_RECORDS_MISSING',
      'expected records at $.data[*], got an object with "items"',
    ],
    [
      '$[?@.on]',
      '{"message":"no"}',
      'API_RECORDS_MISSING',
      'expected records at $[?@.on], got an object with "message"',
    ],
    [
      '$..items',
      '{"data":[1]}',
      'API_RECORDS_MISSING',
      'expected records at $..items, got an object with "data"',
    ],
    [
      '$.data',
      '{"data":"quota"}',
      'API_RECORDS_MISSING',
      'expected an array or an object at $.data, got a string',
    ],
    [
      '$.data',
      '{"data":12345678901234567890}',
      'API_RECORDS_MISSING',
      'expected an array or an object at $.data, got a number',
    ],
    ['$', 'true', 'API_RECORDS_MISSING', 'expected an array or an object at $, got true'],
    [
      '$.data',
      '{"error":"no","code":1}',
      'API_ERRORS',
      'expected records at $.data, got an object with "error", "code"',
    ],
    [
      '$.items',
      '{"items":[],"error":{"code":7}}',
      'API_ERRORS',
      'expected records at $.items, got none and an object with "items", "error"',
    ],
    [
      '$.data.users',
      '{"data":{"users":null},"errors":[{"message":"no"}]}',
      'API_ERROR_ANSWER',
      'expected records at $.data.users, got none and {"errors":[{"message":"no"}]}',
    ],
    [
      '$.data.users',
      '{"data":{"users":[{"a":1}]},"errors":[{"message":"no"}]}',
      'API_ERRORS',
      'which may be a part of them',
    ],
  ])('refuses %s of %s', (path, text, code, message) => {
    const refused = expect.objectContaining({ code, message: expect.stringContaining(message) as unknown });
    expect(() => select(text, path)).toThrow(refused as unknown as Error);
  });
});
