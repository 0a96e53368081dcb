import { describe, expect, it } from '@jest/globals';
import { csvField, rejectLine, REJECTS_HEADER } from './rejects-csv.js';

describe('csvField', () => {
  it.each([
    ['plain', 'plain'],
    ['a,b', '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ['two\nlines', '"two\nlines"'],
    ['', '""'],
    [null, ''],
    [7, '7'],
    [-7, '-7'],
    ["=cmd|' /C calc'!A0", `"'=cmd|' /C calc'!A0"`],
    ['+49 30', `"'+49 30"`],
    ['-1', `"'-1"`],
    ['@SUM(A1)', `"'@SUM(A1)"`],
    ['\t=1', `"'\t=1"`],
    ['\r=1', `"'\r=1"`],
    ['a=1', 'a=1'],
  ])('%p -> %p', (value, expected) => {
    expect(csvField(value)).toBe(expected);
  });
});

describe('rejectLine', () => {
  it('has a field for each name of the header', () => {
    const reject = {
      table: 't',
      file: 'a.csv',
      line: 3,
      column: null,
      reason: 'expected integer, got "x"',
      raw: '1,x',
      configVersion: 2,
    };
    expect(REJECTS_HEADER).toBe('table,file,line,column,reason,raw,configVersion\r\n');
    expect(rejectLine(reject)).toBe('t,a.csv,3,,"expected integer, got ""x""","1,x",2\r\n');
  });
});
