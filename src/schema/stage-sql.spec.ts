import { describe, expect, it } from '@jest/globals';
import { rowIdentity } from './row-identity.js';
import type { SettledColumn } from './settled-column.js';
import { stageRows } from './stage-sql.js';

const COLUMNS: SettledColumn[] = [
  { name: 'id', type: { name: 'bigint' }, required: true, formats: [] },
  { name: 'note', type: { name: 'text' }, required: false, formats: [] },
  { name: 'active', type: { name: 'boolean' }, required: false, formats: [] },
  { name: 'on', type: { name: 'date' }, required: false, formats: ['%d/%m/%Y'] },
];

/** What the engine is given where no column is cleaned: nothing may be added for those who do not use it. */
const PLAIN = String.raw`SELECT t0 AS c0,
t1 AS c1,
t2 AS c2,
t3 AS c3,
"#file",
"#error",
CASE WHEN "#error" IS NULL THEN ${rowIdentity(COLUMNS)} END AS "#hash",
CASE WHEN "#error" IS NOT NULL THEN CASE "#error" % 1000000 WHEN 0 THEN left(v0, 200) WHEN 1 THEN left(v1, 200) WHEN 2 THEN left(v2, 200) WHEN 3 THEN left(v3, 200) END END AS "#bad",
CASE WHEN "#error" IS NOT NULL THEN "#line" END AS "#line",
CASE WHEN "#error" IS NOT NULL THEN "#at" END AS "#at",
CASE WHEN "#error" IS NOT NULL THEN "#length" END AS "#length",
CASE WHEN "#error" IS NOT NULL THEN "#raw" END AS "#raw" FROM (SELECT *, CASE WHEN y0 THEN p0 ELSE t0::VARCHAR END AS k0, t1 AS k1, CASE WHEN y2 THEN p2 ELSE t2::VARCHAR END AS k2, t3::VARCHAR AS k3, (CASE WHEN v0 IS NOT NULL AND t0 IS NULL THEN 0 WHEN t0 IS NULL THEN 1000000 WHEN contains(t1, chr(0)) THEN 2000001 WHEN v2 IS NOT NULL AND t2 IS NULL THEN 2 WHEN v3 IS NOT NULL AND t3 IS NULL THEN 3 END)::INTEGER AS "#error" FROM (SELECT v0, v1, v2, v3, u0, y0, p0, u2, y2, p2, CASE WHEN y0 THEN u0 ELSE CASE WHEN regexp_full_match(v0, '[+-]?[0-9]+(\.0*)?') THEN TRY_CAST(v0 AS BIGINT) END END AS t0, v1 AS t1, CASE WHEN y2 THEN u2 ELSE CASE WHEN regexp_full_match(lower(v2), 'true|t|yes|y|on|1') THEN true WHEN regexp_full_match(lower(v2), 'false|f|no|n|off|0') THEN false END END AS t2, CASE WHEN NOT (regexp_matches(v3, '\.[0-9]{6}0*[1-9]') OR year(try_strptime(v3, ['%d/%m/%Y'])) BETWEEN 0 AND 999 OR date_trunc('day', try_strptime(v3, ['%d/%m/%Y'])) <> try_strptime(v3, ['%d/%m/%Y'])) THEN TRY_CAST(try_strptime(v3, ['%d/%m/%Y']) AS DATE) END AS t3, "#file", "#line", "#at", "#length", "#raw" FROM (SELECT CASE WHEN y0 THEN r0 ELSE nullif(trim(r0), '') END AS v0, r1 AS v1, CASE WHEN y2 THEN r2 ELSE nullif(trim(r2), '') END AS v2, nullif(trim(r3), '') AS v3, u0, y0, p0, u2, y2, p2, "#file", "#line", "#at", "#length", "#raw" FROM (SELECT *, (p0 = r0) AS y0, (p2 = r2) AS y2 FROM (SELECT *, TRY_CAST(r0 AS BIGINT) AS u0, TRY_CAST(r0 AS BIGINT)::VARCHAR AS p0, TRY_CAST(r2 AS BOOLEAN) AS u2, TRY_CAST(r2 AS BOOLEAN)::VARCHAR AS p2 FROM (SELECT * FROM relation))))))`;

describe('the rows of a stage', () => {
  it('cost nothing more where no column is cleaned', () => {
    expect(stageRows('SELECT * FROM relation', COLUMNS, { mayHoldNul: true, keepPlaces: false })).toBe(PLAIN);
  });

  it('are cleaned in the columns that say so, and in no other', () => {
    const cleaned = COLUMNS.map((column, n) => (n === 1 ? { ...column, cleaning: { trim: true } } : column));
    const without = (sql: string) => sql.replaceAll(/trim\(r1, '\s+'\) AS v1/gu, 'r1 AS v1');
    const sql = stageRows('SELECT * FROM relation', cleaned, { mayHoldNul: true, keepPlaces: false });
    expect(sql).not.toBe(PLAIN);
    expect(without(sql).replaceAll(', r1', '').replaceAll('left(r1', 'left(v1')).toBe(
      PLAIN.replaceAll(', r1', ''),
    );
  });
});
