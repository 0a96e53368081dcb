import { describe, expect, it } from '@jest/globals';
import { diffConfigs } from './diff-configs.js';
import type { InvalidConfig } from './invalid-config.js';
import { maskConfig, maskYaml } from './mask-secrets.js';
import { parseConfig } from './parse-config.js';

const cases: [string, string, string][] = [
  ['plain', 'target:\n  password: hunter2 # old\n', 'target:\n  password: *** # old\n'],
  ['quoted', 'target: { password: "hun\\"ter2", host: h }', 'target: { password: ***, host: h }'],
  [
    'a block',
    'target:\n  password: >-\n    hunter2\n    hunter3\n  host: h\n',
    'target:\n  password: ***  host: h\n',
  ],
  ['behind a byte order mark', '\uFEFFtarget: {password: hunter2}', '\uFEFFtarget: {password: ***}'],
  ['beside a variable', 'target: {password: "${TARGET_A}hunter2"}', 'target: {password: ***}'],
  ['a variable', 'target: {password: "${TARGET_A}"}', 'target: {password: "${TARGET_A}"}'],
  ['none', 'pipeline: a', 'pipeline: a'],
];

describe('maskYaml', () => {
  it.each(cases)('%s', (_name, text, masked) => {
    expect(maskYaml(text).text).toBe(masked);
    expect(JSON.stringify(maskYaml(text).value)).not.toContain('hunter');
  });
});

/** What an upload would answer, empty when it is accepted. */
function faultsOf(text: string): string {
  try {
    parseConfig(text, { isVariableAllowed: () => true });
    return '';
  } catch (error) {
    return JSON.stringify([(error as Error).message, (error as InvalidConfig).details]);
  }
}

describe('secrets of API sources', () => {
  const proofs = [
    "{ type: bearer, token: '${API_A}' }",
    "{ type: basic, user: '${API_A}', password: '' }",
    "{ type: login, url: 'https://x?token=${API_A}', body: { password: '${API_A}' }, headers: { apikey: '${API_A}' } }",
    "{ type: oauth2_refresh_token, token_url: https://x, client_id: c, client_secret: '${API_A}', refresh_token: '${API_A}' }",
    "{ type: jwt, algorithm: HS256, key: '${API_A}' }",
  ];

  it.each(proofs)('are variables alone, before and after masking: %s', (auth) => {
    const text = `sources: [{ type: api, url: https://x, auth: ${auth} }]`;
    const config = parseConfig(text, { isVariableAllowed: () => true });
    expect(maskConfig(config)).toEqual(config);
    expect(maskYaml(text).text).toBe(text);
    // The same with a secret in its place is no config that could be kept.
    const literal = text.replaceAll('${API_A}', 'hunter2');
    expect(faultsOf(literal)).not.toBe('');
    expect(faultsOf(literal)).not.toContain('hunter2');
  });
});

describe('diffConfigs', () => {
  it('tells added, removed and changed values by their paths', () => {
    const diff = diffConfigs(
      { name: 'one', text: 'a: 1\nlist: [x, y]\nold: 1\n' },
      { name: 'two', text: 'a: 2\nlist: [x, z, w]\nnew: {b: 1}\n' },
    );
    expect(diff.changes).toEqual([
      { path: 'a', from: 1, to: 2 },
      { path: 'list[1]', from: 'y', to: 'z' },
      { path: 'list[2]', to: 'w' },
      { path: 'old', from: 1 },
      { path: 'new', to: { b: 1 } },
    ]);
    expect(diff.text).toContain('-a: 1\n');
    expect(diff.text).toContain('+a: 2\n');
  });

  it('of equal texts is empty', () => {
    expect(diffConfigs({ name: 'one', text: 'a: 1' }, { name: 'two', text: 'a: 1' })).toEqual({
      text: '',
      changes: [],
    });
  });
});
