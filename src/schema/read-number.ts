import { literal } from './engine.js';

/** Between groups of three digits, beside the point or comma that is not the decimal one. Blanks of four kinds. */
const GROUP_MARKS = [' ', '\u00a0', '\u2009', '\u202f', "'", '’'];

/**
 * SQL of a number's text with a decimal point and without thousands separators, from a text whose decimal mark is
 * known: `1.234,56` is `1234.56` for a comma. NULL for groups that are not of three digits, that begin with a zero or
 * that are set apart by different marks: such a text may be meant in the other style. Whether the rest is a number, and
 * of which type, is not looked at.
 */
export function plainNumber(v: string, decimal: '.' | ','): string {
  const marks = [decimal === ',' ? '.' : ',', ...GROUP_MARKS];
  const groups = marks.map((mark) => `(${escape(mark)}[0-9]{3})+`).join('|');
  const grouped = literal(`[+-]?[1-9][0-9]{0,2}(${groups})(${escape(decimal)}[0-9]*)?`);
  const anyMark = literal(`[${marks.join('')}]`);
  const point = (text: string) => (decimal === ',' ? `replace(${text}, ',', '.')` : text);
  return (
    `CASE WHEN NOT regexp_matches(${v}, ${anyMark}) THEN ${point(v)} ` +
    `WHEN regexp_full_match(${v}, ${grouped}) THEN ${point(`regexp_replace(${v}, ${anyMark}, '', 'g')`)} END`
  );
}

const escape = (mark: string) => (mark === '.' ? '\\.' : mark);
