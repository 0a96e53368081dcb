import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { buildConfigSchema } from './config-json-schema.js';
import { parseConfig } from './parse-config.js';
import { AUTHS } from './shape/auth-shape.js';
import { PAGINATIONS } from './shape/pagination-shape.js';
import type { JsonSchema } from './shape/rules.js';

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

interface Property extends JsonSchema {
  description: string;
  examples?: unknown[];
  default?: unknown;
}

interface Shape {
  properties: Record<string, Property>;
}

const api = (keys: string) => `sources: [{ type: api, url: https://x/a, ${keys} }]`;

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
  [
    'cleaning',
    `schema: { a: { type: text, trim: true, nulls: [''], map: { A: b }, default: '' }, b: { type: real, decimal: ',', default: 0 } }\n${SOURCES}`,
  ],
  [
    'constraints',
    `schema: { a: { type: text, unique: true, references: 'b.c(d)', check: a <> '' } }\nunique: [[a, b]]\nforeign_keys: [{ columns: [a], references: c(d), on_delete: set null }]\nchecks: [a <> b]\n${SOURCES}`,
  ],
  ['a bound', `contract: { max_rejects: 5% }\n${SOURCES}`],
  [
    'a file without a header',
    `sources: [{ type: local, path: a, csv: { header: false, columns: [a, größe] } }]`,
  ],
  ['words for maps', api('auth: none, pagination: link_header')],
  [
    'maps of a kind',
    api("auth: { type: bearer, token: '${API_A}' }, pagination: { type: offset, limit: 5 }"),
  ],
  ['any JSON as a body', api('method: POST, body: [1, null, { a: [] }]')],
  ['texts and numbers in a query', api('query: { a: 1, b: [x, true], c: "" }')],
  ['a number and a time to look back', api('cursor: { field: a, param: b, start: 5, lookback: 10 }')],
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
  ['a map to numbers', `schema: { a: { type: text, map: { A: 1 } } }\n${SOURCES}`],
  ['a decimal mark that is none', `schema: { a: { type: real, decimal: ';' } }\n${SOURCES}`],
  ['another write mode', `write: merge\n${SOURCES}`],
  ['a password without a host', `target: { password: '\${TARGET_PASSWORD}' }\n${SOURCES}`],
  ['monitor: true', `monitor: true\n${SOURCES}`],
  ['keys of another source', api('path: inbox')],
  ['a word that needs a map', api('auth: bearer')],
  ['a kind nobody knows', api('auth: { type: beerer }')],
  ['keys of another kind', api("auth: { type: bearer, token: '${API_A}', key: '${API_A}' }")],
  ['a kind without what it needs', api('pagination: { type: keyset, field: id }')],
  ['a secret as it is', api('auth: { type: bearer, token: hunter2 }')],
  ['a rate without a time', api('rate: 10')],
  ['a status that is none', api('on_status: { 200: ignore }')],
  ['a header without a name', api('headers: { "a b": c }')],
  ['an origin with a path', api("allow_origins: ['https://y/z']")],
  ['a map in a query', api('query: { a: { b: c } }')],
];

describe('the JSON Schema', () => {
  it('has one branch for each kind, and each says which', () => {
    const { $defs } = schema as { $defs: Record<string, Shape> };
    const branches = (shape: string, key: string): unknown[] => {
      const property = $defs[shape]!.properties[key] as { oneOf?: object[]; items?: { oneOf: object[] } };
      return (property.items ?? property).oneOf!.map((branch) => {
        const { $ref = '' } = branch as { $ref?: string };
        return $defs[$ref.replace('#/$defs/', '')]?.properties['type']?.['enum'] ?? branch;
      });
    };
    expect(branches('Stream', 'sources')).toEqual([['local'], ['api']]);
    expect(branches('ApiSource', 'auth')).toEqual([...AUTHS.names.map((name) => [name]), { enum: ['none'] }]);
    expect(branches('ApiSource', 'pagination')).toEqual([
      ...PAGINATIONS.names.map((name) => [name]),
      { enum: ['auto', 'single', 'page', 'offset', 'link_header', 'range'] },
    ]);
  });

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
    const ajv = new Ajv2020({ strict: false }).addSchema(schema, 'config');
    const definitions = Object.entries(schema['$defs'] as Record<string, Shape>);
    const shapes: [string, Shape][] = definitions.map(([name, shape]) => [`/$defs/${name}`, shape]);
    for (const [path, { properties }] of [['', schema as unknown as Shape] as const, ...shapes]) {
      for (const [name, property] of Object.entries(properties)) {
        const { description, examples = [], ...rest } = property;
        expect([name, description]).toEqual([name, expect.stringMatching(/^.{10,}\.$/)]);
        const check = ajv.compile({ $ref: `config#${path}/properties/${name}` });
        for (const value of [...examples, ...('default' in rest ? [rest.default] : [])]) {
          expect([name, value, check(value)]).toEqual([name, value, true]);
        }
      }
    }
  });
});
