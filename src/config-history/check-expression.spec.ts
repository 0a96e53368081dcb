import { describe, expect, it } from '@jest/globals';
import { checkExpression } from './check-expression.js';

const ACCEPTED = [
  `first || ' ' || last`,
  `'it''s; (not' || "a;""b("`,
  `E'it\\'s (' || $$;($$ || $x$'$x$`,
  `CASE WHEN a[1] > 2 THEN {b: (c)} END`,
  `a -- ; ( SELECT`,
  `/* ; ( ' */ a`,
  `"select" + now`,
  `substring(a FROM 1 FOR 2)`,
  `updated || with_tax || set_by`,
  `drop`,
  `version || '-' || age`,
  `'random()'`,
];

const REFUSED: [string, string][] = [
  [`'open`, "' without an end"],
  [`"open`, '" without an end'],
  [`'it's'`, "' without an end"],
  [`(a`, '( without an end'],
  [`a)`, ') without a beginning'],
  [`a); DROP TABLE x; SELECT (b`, ') without a beginning'],
  [`(a]`, '] without a beginning'],
  [`a; DROP TABLE x`, 'a semicolon'],
  [`(SELECT 1)`, 'a query'],
  [`DROP TABLE x`, 'the statement DROP'],
  [` copy x to 'y'`, 'the statement COPY'],
  [`ATTACH 'x'`, 'the statement ATTACH'],
  [`INSTALL httpfs`, 'the statement INSTALL'],
  [`PRAGMA version`, 'the statement PRAGMA'],
  [`a || Random ( )`, 'random()'],
  [`now()`, 'now()'],
  [`uuid()`, 'uuid()'],
  [`read_csv('/etc/passwd')`, 'read_csv()'],
  [`getenv('HOME')`, 'getenv()'],
];

describe('an expression at upload', () => {
  it.each(ACCEPTED)('%s', (expression) => {
    expect(checkExpression(expression)).toBeUndefined();
  });

  it.each(REFUSED)('%s is refused', (expression, got) => {
    expect(checkExpression(expression)).toBe(
      `expected one SQL expression over the columns of the row, got ${got}`,
    );
  });
});
