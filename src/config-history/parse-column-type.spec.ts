import { describe, expect, it } from '@jest/globals';
import { parseColumnType } from './parse-column-type.js';

const types: [string, string][] = [
  ['text', 'text'],
  ['str', 'text'],
  ['object', 'text'],
  ['VARCHAR', 'text'],
  ['varchar(40)', 'varchar(40)'],
  ['Character Varying ( 40 )', 'varchar(40)'],
  ['char(3)', 'varchar(3)'],
  ['int', 'integer'],
  ['Int64', 'bigint'],
  ['int8', 'bigint'],
  ['int2', 'smallint'],
  ['uint8', 'smallint'],
  ['uint64', 'numeric(20,0)'],
  ['float', 'double'],
  ['float32', 'real'],
  ['double  precision', 'double'],
  ['numeric', 'numeric'],
  ['decimal(12, 2)', 'numeric(12,2)'],
  ['numeric(10)', 'numeric(10,0)'],
  ['bool', 'boolean'],
  ['datetime', 'timestamp'],
  ['datetime64[ns]', 'timestamp'],
  ['datetime64[ns, UTC]', 'timestamptz'],
  ['timestamp with time zone', 'timestamptz'],
  ['time without time zone', 'time'],
  ['jsonb', 'json'],
  ['UUID', 'uuid'],
];

const problems: [string, string][] = [
  ['intger', 'did you mean integer?'],
  ['', 'got ""'],
  ['numeric(0,0)', 'expected 1 to 1000 digits'],
  ['numeric(5,9)', 'expected at most 5 digits after the point'],
  ['varchar(0)', 'expected 1 to 10485760 characters'],
  ['varchar(1,2)', 'expected varchar without numbers'],
  ['integer(5)', 'expected integer without numbers'],
  ['bigserial', 'declare integer or bigint'],
  ['text; drop table x', 'expected one of text'],
  ['__proto__', 'expected one of text'],
];

describe('parseColumnType', () => {
  it.each(types)('reads %s as %s', (text, type) => {
    expect(parseColumnType(text)).toEqual({ type });
  });

  it.each(problems)('refuses "%s" with: %s', (text, sentence) => {
    expect(parseColumnType(text)).toEqual({ problem: expect.stringContaining(sentence) });
  });
});
