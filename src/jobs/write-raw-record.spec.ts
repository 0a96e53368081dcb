import { describe, expect, it } from '@jest/globals';
import type { RecordLayout } from '../schema/stage.js';
import { writeRawRecord } from './write-raw-record.js';

const layout = (format: RecordLayout['format'], columns: string[] = []): RecordLayout => {
  return { format, dialect: null, columns, types: [] };
};

describe('writeRawRecord', () => {
  it.each([
    ['csv', '1,x', '1,x\n', 1],
    ['csv', '1,"a\nb\r\nc\rd"', '1,"a\nb\r\nc\rd"\n', 4],
    ['json', '{\r\n  "a": 1.10,\n "b":"x\\ny"}', '{    "a": 1.10,  "b":"x\\ny"}\n', 1],
    ['text', 'a "line"\t\\', '{"line":"a \\"line\\"\\t\\\\"}\n', 1],
    ['parquet', '{"b":"x\\ny","a":null}', '\\N,"x\ny"\n', 2],
    ['parquet', '{"a":"\\\\N","b":"say \\"hi\\""}', '"\\N","say ""hi"""\n', 1],
  ] as const)('%s: %j -> %j', (format, raw, text, lines) => {
    expect(writeRawRecord(raw, layout(format, ['a', 'b']))).toEqual({ text, lines });
  });
});
