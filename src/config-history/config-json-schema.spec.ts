import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { buildConfigSchema } from './config-json-schema.js';
import { parseConfig } from './parse-config.js';

const SOURCES = 'sources: [{ type: local, path: inbox }]\n';
const schema = buildConfigSchema();
const validate = new Ajv2020({
  allErrors: true,
  strict: true,
  allowUnionTypes: true,
  strictTypes: false,
  strictRequired: false,
}).compile(schema);

function isParsed(text: string): boolean {
  try {
    parseConfig(text, { isVariableAllowed: () => true });
    return true;
  } catch {
    return false;
  }
}

const accepted: [string, string][] = [
  ['the shortest', SOURCES],
  [
    'flat, columns directly',
    `table: t\nstrict_mode: true\nschema: { id: integer, amount: 'numeric(12,2)' }\n${SOURCES}`,
  ],
  [
    'flat, columns below',
    `schema: { strict_mode: true, columns: { id: { type: bigint, required: true }, a: text } }\n${SOURCES}`,
  ],
  ['a short type', `schema:\n  columns:\n    amount: numeric(12,2)\n    at: datetime64[ns, UTC]\n${SOURCES}`],
  [
    'streams',
    `pipeline: shop\nmonitor: { every: 5m }\nstreams:\n  - { table: a, ${SOURCES.trim()} }\n  - { table: b, ${SOURCES.trim()}, output: false }`,
  ],
  [
    'a target',
    `target: { host: '\${TARGET_HOST}', port: '\${TARGET_PORT}', ssl: require }\nmonitor: false\n${SOURCES}`,
  ],
  ['a bound', `contract: { max_rejects: 5% }\n${SOURCES}`],
  [
    'a file without a header',
    `sources: [{ type: local, path: a, csv: { header: false, columns: [a, größe] } }]`,
  ],
];

const refused: [string, string][] = [
  ['no sources', 'pipeline: a'],
  ['an unknown key', `tabel: a\n${SOURCES}`],
  ['an unknown key inside', 'sources: [{ type: local, path: a, pth: b }]'],
  ['another kind of source', 'sources: [{ type: api, path: a }]'],
  ['a missing key', 'sources: [{ type: local }]'],
  ['streams and a stream', `streams: [{ ${SOURCES.trim()} }]\ntable: t`],
  ['a wrong type', `batch_rows: many\n${SOURCES}`],
  ['a number out of range', `batch_rows: 0\n${SOURCES}`],
  ['a hidden output', `output: .a\n${SOURCES}`],
  ['a column that is no name', `schema: { columns: { "a b": text } }\n${SOURCES}`],
  ['another write mode', `write: upsert\n${SOURCES}`],
  ['a password without a host', `target: { password: '\${TARGET_PASSWORD}' }\n${SOURCES}`],
  ['monitor: true', `monitor: true\n${SOURCES}`],
];

describe('the JSON Schema', () => {
  it.each(accepted)('accepts %s, as an upload does', (_name, text) => {
    expect({ isValid: validate(parse(text)), errors: validate.errors }).toEqual({
      isValid: true,
      errors: null,
    });
    expect(isParsed(text)).toBe(true);
  });

  it.each(refused)('refuses %s, as an upload does', (_name, text) => {
    expect(validate(parse(text))).toBe(false);
    expect(isParsed(text)).toBe(false);
  });

  it('describes every key, and its examples and defaults are valid', () => {
    const shapes = [schema, ...Object.values(schema['$defs'] as object)] as {
      properties: Record<string, object>;
    }[];
    for (const shape of shapes) {
      for (const [name, property] of Object.entries(shape.properties)) {
        const {
          description,
          examples = [],
          ...rest
        } = property as { description: string; examples?: unknown[]; default?: unknown };
        expect([name, description]).toEqual([name, expect.stringMatching(/^.{10,}\.$/)]);
        const check = new Ajv2020({ strict: false }).compile({ ...rest, $defs: schema['$defs'] });
        for (const value of [...examples, ...('default' in rest ? [rest.default] : [])]) {
          expect([name, value, check(value)]).toEqual([name, value, true]);
        }
      }
    }
  });
});
