import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { parseSettings } from '../settings/parse-settings.js';
import type { ApiSourceConfig } from './api-source-config.js';
import { buildConfigSchema } from './config-json-schema.js';
import { parseConfig } from './parse-config.js';
import { isPlainMap } from './shape/key.js';
import { AUTHS } from './shape/auth-shape.js';
import { PAGINATIONS } from './shape/pagination-shape.js';

// What a service allows that sets nothing.
const settings = parseSettings({});
const validate = new Ajv2020({ strict: false }).compile(buildConfigSchema());

const SOURCE_KEYS = ['url', 'auth', 'pagination', 'cursor', 'records', 'on_status', 'rate', 'timeouts'];

const folder = 'examples/api';
const examples = readdirSync(folder)
  .toSorted()
  .map((name): [string, string] => [name, readFileSync(`${folder}/${name}`, 'utf8')]);
const pages = ['docs/api-sources.md', 'docs/yaml.md', 'README.md'];
const blocks = pages.flatMap((page) => readBlocks(page).filter(([, text]) => isAboutApis(text)));

/** Blocks of YAML, each with its page and line. */
function readBlocks(page: string): [string, string][] {
  const text = readFileSync(page, 'utf8');
  return [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map((match) => {
    const line = text.slice(0, match.index).split('\n').length;
    return [`${page}:${line}`, completeConfig(match[1]!)];
  });
}

/** A block may show a list of sources, or a few keys of one: the rest of a config is put around it. */
function completeConfig(block: string): string {
  const value: unknown = parse(block);
  const indent = (text: string, by: string) => text.replace(/^(?=.)/gm, by);
  if (Array.isArray(value)) return `sources:\n${indent(block, '  ')}`;
  if (!isPlainMap(value) || SOURCE_KEYS.every((key) => !Object.hasOwn(value, key))) return block;
  const url = Object.hasOwn(value, 'url') ? '' : '    url: https://api.example.com/orders\n';
  return `sources:\n  - type: api\n${url}${indent(block, '    ')}`;
}

function isAboutApis(text: string): boolean {
  return text.includes('type: api');
}

function sourcesOf(text: string): ApiSourceConfig[] {
  const { streams } = parseConfig(text, settings);
  return streams.flatMap(({ sources }) => sources.filter((source) => source.type === 'api'));
}

const configs = [...examples.map(([name, text]) => [`${folder}/${name}`, text] as const), ...blocks];

describe('an example of an API source', () => {
  it.each(configs)('is accepted, and by editors too: %s', (_name, text) => {
    expect(sourcesOf(text).length).toBeGreaterThan(0);
    expect({ isValid: validate(parse(text)), errors: validate.errors }).toEqual({
      isValid: true,
      errors: null,
    });
  });

  const shown: [string, (readonly [string, string])[]][] = [
    ['examples/api', examples],
    ['docs/api-sources.md', blocks.filter(([name]) => name.startsWith('docs/api-sources.md'))],
  ];
  it.each(shown)('is there for each kind of authentication and pagination in %s', (_name, texts) => {
    const sources = texts.flatMap(([, text]) => sourcesOf(text));
    expect(new Set(sources.map(({ auth }) => auth.type))).toEqual(new Set(AUTHS.names));
    expect(new Set(sources.map(({ pagination }) => pagination.type))).toEqual(new Set(PAGINATIONS.names));
  });

  it('is named after the kind that it shows', () => {
    const kinds = [
      ...AUTHS.names.map((kind) => `auth-${kind.replaceAll('_', '-')}.yaml`),
      ...PAGINATIONS.names.map((kind) => `pages-${kind.replaceAll('_', '-')}.yaml`),
    ];
    expect(examples.map(([name]) => name)).toEqual(expect.arrayContaining(kinds));
    for (const [name, text] of examples) {
      const [, part, kind] = /^(auth|pages)-([a-z0-9-]+?)(?:-body)?\.yaml$/.exec(name) ?? [];
      if (part === undefined) continue;
      const types = sourcesOf(text).map((source) => source[part === 'auth' ? 'auth' : 'pagination'].type);
      expect([name, new Set(types)]).toEqual([name, new Set([kind!.replaceAll('-', '_')])]);
    }
  });
});
