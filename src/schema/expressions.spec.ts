import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Settings } from '../settings/settings.js';
import { Engine, run } from './engine.js';
import { EXPRESSION_FUNCTIONS } from './expression-functions.js';
import { parseExpression } from './parse-expression.js';
import { SchemaService } from './schema.service.js';
import type { Stage, StageReject } from './stage.js';
import type { Cleaning, DeclaredColumn, LandedText, StageRequest } from './stage-request.js';

let home: string;
let engine: Engine;
let schema: SchemaService;
let runs = 0;

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'millrace-expressions-'));
  const memory = { engine: '256MB', engineThreads: 2 };
  engine = new Engine({ home, dataRoots: [home], memory } as unknown as Settings);
  schema = new SchemaService(engine);
});
afterAll(async () => {
  await engine.onModuleDestroy();
  await rm(home, { recursive: true });
});

async function csv(text: string): Promise<LandedText> {
  const file = path.join(home, `${runs++}.csv`);
  await writeFile(file, text);
  const dialect = { delimiter: ',', quote: '"', header: true, nulls: [''], isRegular: true };
  const columns = text.split('\n', 1)[0]!.split(',');
  const rest = { nested: [], rejects: null, longest: 0, source: 0, fingerprint: file };
  return { name: `${runs}.csv`, path: file, rawPath: file, format: 'csv', dialect, columns, ...rest };
}

const column = (name: string, type: string, cleaning?: Cleaning, rest = {}): DeclaredColumn => ({
  name,
  type,
  required: false,
  formats: [],
  ...(cleaning && { cleaning }),
  ...rest,
});

async function stage(files: string[], request: Partial<StageRequest>): Promise<Stage> {
  const folder = path.join(home, 'runs', String(runs++));
  await mkdir(folder, { recursive: true });
  return schema.stage({
    folder,
    table: 't',
    naming: 'snake_case',
    strictMode: true,
    columns: [],
    contract: { newColumns: 'evolve', invalidRows: 'reject', maxRejects: null },
    duplicates: 'drop',
    batchRows: 50_000,
    files: await Promise.all(files.map(csv)),
    copies: [],
    existing: null,
    ...request,
  });
}

async function lines(staged: Stage): Promise<string[]> {
  const chunks = await Array.fromAsync(staged.rowLines(null));
  return Buffer.concat(chunks).toString().split('\n').slice(0, -1);
}

async function rejects(staged: Stage): Promise<string[][]> {
  if (staged.rejectsPath === null) return [];
  const all = (await readFile(staged.rejectsPath, 'utf8')).split('\n').slice(0, -1);
  return all
    .map((line) => JSON.parse(line) as StageReject)
    .filter((line) => !('layout' in line))
    .map(({ line, reason, raw }) => [String(line), reason, raw]);
}

const PEOPLE = 'First Name,last,cents,score,tags\nAda,Lovelace,1250,3,"[1,2]"\nGrace,,99,x,\n';

/** What each expression makes of the people; the declared columns beside it are `cents` and `score`. */
const RESULTS: [string, string, string[]][] = [
  ['text', `first_name || ' ' || last`, ['"Ada Lovelace"', '']],
  ['text', `concat_ws(' ', first_name, last)`, ['"Ada Lovelace"', '"Grace"']],
  ['text', `upper("First_Name") -- the name`, ['"ADA"', '"GRACE"']],
  ['text', `coalesce(last, '?')`, ['"Lovelace"', '"?"']],
  ['text', `CASE WHEN last IS NULL THEN 'none' ELSE left(last, 3) END`, ['"Lov"', '"none"']],
  ['text', `if(first_name IN ('a','b','c','d','e','f','g','h','Ada'), 'yes', 'no')`, ['"yes"', '"no"']],
  ['text', `regexp_replace(first_name, '[ae]$', '') || $$;$$`, ['"Ad;"', '"Grac;"']],
  ['text', `NULL`, ['', '']],
  ['numeric(12,2)', `cents / 100`, ['"12.50"', '"0.99"']],
  ['numeric(12,2)', `round(cents * 1.19 / 100, 2)`, ['"14.88"', '"1.18"']],
  ['integer', `length(first_name)`, ['"3"', '"5"']],
  ['boolean', `cents > 1000`, ['"true"', '"false"']],
  ['boolean', `cents BETWEEN 1 AND 100 AND NOT last ~ 'L.*'`, ['"false"', '']],
  ['date', `DATE '2024-01-01' + INTERVAL (cents) DAY`, ['"2027-06-04"', '"2024-04-09"']],
  ['timestamptz', `to_timestamp(cents)`, ['"1970-01-01 00:20:50+00"', '"1970-01-01 00:01:39+00"']],
  [
    'json',
    `{name: first_name, list: [cents, 1]}`,
    ['"{""name"":""Ada"",""list"":[1250,1]}"', '"{""name"":""Grace"",""list"":[99,1]}"'],
  ],
  ['json', `json_object('a', last)`, ['"{""a"":""Lovelace""}"', '"{""a"":null}"']],
  ['text', `tags->>'$[1]'`, ['"2"', '']],
];

describe('an expression', () => {
  it.each(RESULTS)('%s: %s', async (type, expression, expected) => {
    const columns = [column('v', type, { expression }), column('cents', 'bigint')];
    const staged = await stage([PEOPLE], { columns });
    expect(staged.columns.map(({ name }) => name)).toEqual(['v', 'cents']);
    expect((await lines(staged)).map((line) => line.replace(/,"\d+"$/, ''))).toEqual(expected);
    expect(await rejects(staged)).toEqual([]);
  });

  it('goes before typing and the default, and sees its own text cleaned', async () => {
    const cleaning = {
      trim: true,
      nulls: ['-'],
      map: { one: '1' },
      expression: `n || ',5'`,
      decimal: ',',
      default: '0',
    } satisfies Cleaning;
    const columns = [column('n', 'numeric(5,2)', cleaning, { required: true })];
    const staged = await stage(['n,x\n one ,1\n2\t,1\n-,1\nno,1\n'], { columns });
    expect(await lines(staged)).toEqual(['"1.50"', '"2.50"', '"0.00"']);
    expect(await rejects(staged)).toEqual([
      ['5', 'n: expected numeric(5,2) written as 1.234,56, got "no,5"', 'no,1'],
    ]);
  });

  it('sees other declared columns typed, with their defaults, and those that are not as texts', async () => {
    const columns = [
      column('sum', 'numeric(9,2)', { expression: 'price * quantity + length(zip)' }),
      column('price', 'numeric(9,2)', { decimal: ',' }),
      column('quantity', 'integer', { default: '2' }),
    ];
    const text = 'price,quantity,zip\n"1,50",4,007\n"1,25",,1\n';
    const staged = await stage([text], { columns, strictMode: false });
    expect(await lines(staged)).toEqual(['"9.00","1.50","4","007"', '"3.50","1.25","2","1"']);
    const strict = await stage([text], { columns });
    expect(await lines(strict)).toEqual(['"9.00","1.50","4"', '"3.50","1.25","2"']);
  });

  it('takes a name that only some files have for NULL in the others', async () => {
    const columns = [column('v', 'text', { expression: `coalesce(a, b, 'none')` })];
    const staged = await stage(['a,x\n1,1\n', 'x,B\n1,2\n', 'x,y\n3,4\n'], { columns });
    expect(await lines(staged)).toEqual(['"1"', '"2"', '"none"']);
  });

  it('has room for names like those of the stage', async () => {
    const names = ['r0', 'v0', 't1', 'x0', 'f0', 'v', 'k0'];
    const columns = [column('c0', 'text', { expression: names.join(` || `) }), column('t1', 'integer')];
    const staged = await stage([`${names.join(',')}\na,b,3,d,e,f,g\n`], { columns });
    expect(await lines(staged)).toEqual(['"ab3defg","3"']);
  });

  it('makes a reject of each row that it fails on, and of no other', async () => {
    const columns = [column('v', 'integer', { expression: 'score::INTEGER * 2' }, { required: true })];
    const rows = Array.from({ length: 5000 }, (_, n) => `${n % 1000 === 7 ? 'bad' : n},${n}\n`).join('');
    const staged = await stage([`score,n\n${rows}`], { columns });
    expect(staged.rows).toBe(4995);
    expect((await lines(staged)).slice(6, 8)).toEqual(['"12"', '"16"']);
    expect(await rejects(staged)).toEqual(
      [7, 1007, 2007, 3007, 4007].map((n) => [
        String(n + 2),
        'v: expected its expression to have a result, it failed with {"score":"bad"}',
        `bad,${n}`,
      ]),
    );
  });

  it('makes a reject of a result that does not fit, and of a value at fault before itself', async () => {
    const columns = [
      column('v', 'smallint', { expression: 'n * 1000' }),
      column('w', 'varchar(2)', { expression: `chr(0) || 'x'` }),
      column('n', 'integer'),
    ];
    const staged = await stage(['n,x\n7,1\n70,1\nno,1\n'], { columns });
    expect(await rejects(staged)).toEqual([
      ['2', 'w: expected text, got a NUL character', '7,1'],
      ['3', 'v: expected smallint, got "70000"', '70,1'],
      ['4', 'n: expected integer, got "no"', 'no,1'],
    ]);
  });

  it('keeps the records in their order, however many constants it asks for', async () => {
    const expression = `n IN (${Array.from({ length: 50 }, (_, n) => `'${n * 7}'`).join(', ')})`;
    const rows = Array.from({ length: 300_000 }, (_, n) => `${n % 100_000 === 99_999 ? 'bad' : n}\n`).join(
      '',
    );
    const columns = [column('v', 'boolean', { expression }), column('m', 'integer')];
    const staged = await stage([`n,m\n${rows.replaceAll('\n', ',0\n')}`, `n,m\n5,x\n`], { columns });
    expect((await rejects(staged)).map(([line, reason]) => [line, reason])).toEqual([
      ['2', 'm: expected integer, got "x"'],
    ]);
    expect(staged.files.map(({ read }) => read)).toEqual([300_000, 1]);
  });

  it('decides what a row is, the same at every run', async () => {
    const identities = async (expression: string) => {
      const staged = await stage([PEOPLE], { columns: [column('v', 'text', { expression })] });
      return Buffer.concat(await Array.fromAsync(staged.identityLines())).toString();
    };
    expect(await identities('md5(first_name)')).toBe(await identities(' md5( "first_name" ) '));
    expect(await identities('md5(first_name)')).not.toBe(await identities('md5(last)'));
  });
});

/** Nothing of these is run: the message says what stands in the way. */
const REFUSED: [string, RegExp][] = [
  [`read_csv('SECRET')`, /got read_csv\(\)$/],
  [`read_text('SECRET')`, /got read_text\(\)$/],
  [`(SELECT content FROM read_text('SECRET'))`, /got a subquery$/],
  [`(SELECT a FROM 'SECRET')`, /got a subquery$/],
  [`EXISTS (SELECT 1)`, /got a subquery$/],
  [`a IN (SELECT 1)`, /got a subquery$/],
  [`a = ANY([1])`, /got a subquery$/],
  [`a) FROM (SELECT 1 AS a`, /expected one expression in its expression, got more than that$/],
  [`a) FROM read_text('SECRET') WHERE (true`, /got more than that$/],
  [`a) UNION SELECT (1`, /got more than that$/],
  [`a) ORDER BY (1`, /got more than that$/],
  [`a), (a`, /got more than that$/],
  [`a); SELECT (a`, /got more than that$/],
  [`a); DROP TABLE t; SELECT (a`, /expected SQL in its expression, got Only SELECT statements/],
  [`a; DROP TABLE t`, /expected SQL in its expression, got syntax error/],
  [`a); COPY (SELECT 1) TO 'OUT`, /expected SQL/],
  [`COPY (SELECT 1) TO 'OUT'`, /expected SQL/],
  [`ATTACH 'OUT' AS x`, /expected SQL/],
  [`INSTALL httpfs`, /expected SQL/],
  [`LOAD httpfs`, /expected SQL/],
  [`PRAGMA version`, /expected SQL/],
  [`SET memory_limit = '1GB'`, /expected SQL/],
  [`a) WINDOW w AS (ORDER BY 1`, /expected SQL that fits the types/],
  [`getenv('HOME')`, /got getenv\(\)$/],
  [`current_setting('allowed_directories')`, /got current_setting\(\)$/],
  [`getvariable('x')`, /got getvariable\(\)$/],
  [`version()`, /got version\(\)$/],
  [`json_serialize_plan('SELECT 1')`, /got json_serialize_plan\(\)$/],
  [`main.read_text('SECRET')`, /got main\.read_text\(\)$/],
  [`system.main.upper(a)`, /got system\.main\.upper\(\)$/],
  [`pg_catalog.version()`, /got pg_catalog\.version\(\)$/],
  [`a.upper()`, /got a\.upper\(\)$/],
  [`query('SELECT 1')`, /got query\(\)$/],
  [`random()`, /got random\(\)$/],
  [`RANDOM()`, /got random\(\)$/],
  [`now()`, /got now\(\)$/],
  [`uuid()`, /got uuid\(\)$/],
  [`gen_random_uuid()`, /got gen_random_uuid\(\)$/],
  [`age(TIMESTAMP '2024-01-01')`, /got age\(\)$/],
  [`nextval('s')`, /got nextval\(\)$/],
  [`current_date`, /expected columns \(v, a, x\) in its expression, got current_date$/],
  [`current_timestamp`, /got current_timestamp$/],
  [`current_user`, /got current_user$/],
  [`sum(a)`, /got sum\(\)$/],
  [`count(*)`, /got (a star|count_star\(\))$/],
  [`row_number() OVER ()`, /got a window$/],
  [`unnest([1, 2])`, /got unnest\(\)$/],
  [`repeat(a, 1000000000)`, /got repeat\(\)$/],
  [`range(1000000000)`, /got range\(\)$/],
  [`list_transform([1], lambda x: x + 1)`, /got (list_transform\(\)|a lambda)$/],
  [`*`, /got a star$/],
  [`COLUMNS('a')`, /got a star$/],
  [`$1`, /got a parameter$/],
  [`?`, /got a parameter$/],
  [`#1`, /got a positional reference$/],
  [`"#file"`, /got #file$/],
  [`"#r0"`, /got #r0$/],
  [`t.a`, /expected names of columns in its expression, got t\.a$/],
  [`frist || 'x'`, /expected columns \(v, a, x\) in its expression, got frist$/],
  [`a COLLATE nocase`, /got a collate$/],
  [`a * 2`, /expected SQL that fits the types in its expression, got Binder Error/],
  [`a::nonsense`, /expected SQL that fits the types/],
  [`upper(a, a)`, /expected SQL that fits the types/],
  [`regexp_matches(a, '(')`, /expected SQL that fits the types/],
  [`'it''s`, /expected SQL/],
  [`(a`, /expected SQL/],
  [`a /*`, /expected SQL/],
  [`-- nothing`, /expected SQL/],
  [`w`, /expected columns without an expression of their own in its expression, got w$/],
];

describe('what is not an expression over the row', () => {
  it.each(REFUSED)('%s', async (expression, expected) => {
    const secret = path.join(home, 'secret.txt');
    await writeFile(secret, 'hunter2');
    const sql = expression.replace('SECRET', secret).replace('OUT', path.join(home, 'out.csv'));
    const others = expression === 'w' ? [column('w', 'text', { expression: 'a' })] : [];
    const staged = stage(['a,x\n1,2\n'], { columns: [column('v', 'text', { expression: sql }), ...others] });
    const error = await staged.then(
      () => new Error('it was staged'),
      (reason: unknown) => reason as Error & { code: string },
    );
    expect(error).toMatchObject({
      code: 'COLUMN_EXPRESSION',
      message: expect.stringMatching(/^t\.v: expected /),
    });
    expect(error.message).toMatch(expected);
    await expect(readFile(path.join(home, 'out.csv'))).rejects.toThrow('ENOENT');
  });
});

describe('without a file that can be read', () => {
  const twice = 'x,X\n1,2\n';

  it('names of columns may be any, but those of the stage itself', async () => {
    const columns = [column('v', 'text', { expression: 'whatever' })];
    expect((await stage([twice], { columns })).rows).toBe(0);
    const own = [column('v', 'text', { expression: '"#v0"' })];
    await expect(stage([twice], { columns: own })).rejects.toMatchObject({ code: 'COLUMN_EXPRESSION' });
  });
});

describe('the functions of expressions', () => {
  it('are known to the engine, and none says something else at another time', async () => {
    const connection = await engine.connect();
    const known = await run(
      connection,
      `SELECT function_name AS name, list(DISTINCT coalesce(stability, function_type)) AS kinds FROM duckdb_functions() ` +
        `WHERE function_type IN ('scalar', 'macro') GROUP BY 1`,
    );
    connection.closeSync();
    const kinds = new Map(known.map(({ name, kinds }) => [name, (kinds as { items: string[] }).items]));
    // Special forms of the grammar, which the catalogue does not have.
    const unknown = [...EXPRESSION_FUNCTIONS].filter((name) => !kinds.has(name));
    expect(unknown).toEqual([]);
    for (const name of EXPRESSION_FUNCTIONS)
      expect([name, kinds.get(name)]).toEqual([name, [expect.stringMatching(/^(CONSISTENT|macro)$/)]]);
  });

  it('are read, with the names of the columns, by the engine itself', async () => {
    const connection = await engine.connect();
    const sql = `CASE WHEN "Größe" > 1 THEN substring(a FROM 1 FOR 2) || trim(BOTH 'x' FROM b) ELSE extract(year FROM c)::text END`;
    expect(await parseExpression(connection, sql, 't.v')).toEqual(['Größe', 'a', 'b', 'c']);
    connection.closeSync();
  });
});
