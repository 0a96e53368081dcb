import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { TerminalError } from '../errors.js';
import { isLoopback, parseSettings } from './parse-settings.js';

const parse = (environment: Record<string, string>) => parseSettings(environment, '/srv/app');

function faultsOf(environment: Record<string, string>): string[] {
  try {
    parse(environment);
    return [];
  } catch (error) {
    return (error as TerminalError).details.map(({ message }) => message);
  }
}

describe('parseSettings', () => {
  it('fills in every default', () => {
    expect(parse({})).toMatchObject({
      host: '127.0.0.1',
      port: 3000,
      apiKey: null,
      home: '/srv/app/.millrace',
      dataRoots: ['/srv/app'],
      configVars: ['API_*', 'SOURCE_*', 'TARGET_*'],
      apiHosts: [],
      logLevel: 'info',
      database: { kind: 'embedded', schema: 'public' },
      memory: { engine: '256MB' },
      keep: { days: 90, runs: 1_000, rejects: 100_000, logMegabytes: 1_024 },
    });
  });

  it('reads .env.example as the defaults', () => {
    const example = parseEnv(readFileSync('.env.example', 'utf8')) as Record<string, string>;
    expect(JSON.stringify(parse(example))).toBe(JSON.stringify(parse({})));
  });

  const accepted: [string, Record<string, string>, object][] = [
    ['empty values count as not set', { PORT: '', API_KEY: ' ' }, { port: 3000, apiKey: null }],
    [
      'what the sweep leaves',
      {
        MILLRACE_KEEP_DAYS: '7',
        MILLRACE_KEEP_RUNS: '5',
        MILLRACE_KEEP_REJECTS: '0',
        MILLRACE_KEEP_LOG_MB: '10',
        MILLRACE_KEEP_COPY_MB: '0',
      },
      { keep: { days: 7, runs: 5, rejects: 0, logMegabytes: 10, copyMegabytes: 0 } },
    ],
    ['any port', { PORT: '0' }, { port: 0 }],
    ['a public host with a key', { HOST: '0.0.0.0', API_KEY: 'k' }, { host: '0.0.0.0', apiKey: 'k' }],
    ['IPv6 loopback in brackets', { HOST: '[::1]' }, { host: '::1' }],
    [
      'hosts of API sources, spelled as URLs spell them',
      {
        MILLRACE_API_HOSTS:
          'API.Internal, api.internal:8080, *.corp, 10.0.0.5, ::1, [0:0::1]:80, bücher.test',
      },
      {
        apiHosts: [
          'api.internal',
          'api.internal:8080',
          '*.corp',
          '10.0.0.5',
          '[::1]',
          '[::1]:80',
          'xn--bcher-kva.test',
        ],
      },
    ],
    ['several data roots', { MILLRACE_DATA_ROOTS: 'in, /data' }, { dataRoots: ['/srv/app/in', '/data'] }],
    [
      'a URL with encoded characters and ssl',
      { DATABASE_URL: 'postgres://u%40x:p%2Fw@db:6543/shop?sslmode=require' },
      {
        database: {
          kind: 'external',
          host: 'db',
          port: 6543,
          user: 'u@x',
          password: 'p/w',
          name: 'shop',
          schema: 'public',
          ssl: 'require',
        },
      },
    ],
    [
      'single settings, the password as it stands',
      { DB_HOST: 'db', DB_USER: 'u', DB_NAME: 'n', DB_PASSWORD: ' p ', DB_SCHEMA: 'raw' },
      {
        database: {
          kind: 'external',
          host: 'db',
          port: 5432,
          user: 'u',
          password: ' p ',
          name: 'n',
          schema: 'raw',
          ssl: false,
        },
      },
    ],
  ];
  it.each(accepted)('reads %s', (_name, environment, expected) => {
    expect(parse(environment)).toMatchObject(expected);
  });

  const refused: [string, Record<string, string>, string][] = [
    ['a port that is no number', { PORT: '80x' }, 'PORT: expected a whole number from 0 to 65535, got "80x"'],
    ['a port out of range', { PORT: '65536' }, 'PORT: expected a whole number from 0 to 65535, got "65536"'],
    [
      'a public host without a key',
      { HOST: '0.0.0.0' },
      'HOST: expected a loopback address such as 127.0.0.1, because API_KEY is not set, got "0.0.0.0"',
    ],
    [
      'a host with a path',
      { HOST: '127.0.0.1/x' },
      'HOST: expected a host name or an IP address, got "127.0.0.1/x"',
    ],
    [
      'a key with a blank',
      { API_KEY: 'a b' },
      'API_KEY: expected 1 to 1024 visible ASCII characters without blanks',
    ],
    [
      'a log level',
      { LOG_LEVEL: 'loud' },
      'LOG_LEVEL: expected one of fatal, error, warn, info, debug, trace, silent, got "loud"',
    ],
    [
      'an empty data root',
      { MILLRACE_DATA_ROOTS: 'a,,b' },
      'MILLRACE_DATA_ROOTS: expected values separated by commas, none of them empty, got "a,,b"',
    ],
    [
      'a pattern',
      { MILLRACE_CONFIG_VARS: 'API-*' },
      'MILLRACE_CONFIG_VARS: expected names of variables in which * stands for any characters, got "API-*"',
    ],
    ...[
      'http://api.internal',
      'api.internal/path',
      'api.internal:99999',
      'u@api.internal',
      '*',
      'a.*.b',
      '*.10.0.0.5',
      '127.1',
      '010.0.0.1',
      '10.0.0.0%2F8',
      '[::1',
    ].map((entry): [string, Record<string, string>, string] => [
      `the API host ${entry}`,
      { MILLRACE_API_HOSTS: entry },
      `MILLRACE_API_HOSTS: expected hosts such as api.internal, api.internal:8080, *.internal, 10.0.0.5 or [::1]:8080, separated by commas, got "${entry}"`,
    ]),
    [
      'memory without a unit',
      { MILLRACE_MEMORY: '512' },
      'MILLRACE_MEMORY: expected a size of at least 100MB, e.g. 512MB or 2GB, got "512"',
    ],
    [
      'to keep nothing at all',
      { MILLRACE_KEEP_DAYS: '0' },
      'MILLRACE_KEEP_DAYS: expected a whole number from 1 to 36500, got "0"',
    ],
    [
      'an endless history',
      { MILLRACE_KEEP_RUNS: 'all' },
      'MILLRACE_KEEP_RUNS: expected a whole number from 1 to 1000000000, got "all"',
    ],
    [
      'a database URL of another kind, without showing it',
      { DATABASE_URL: 'mysql://u:secret@h/d' },
      'DATABASE_URL: expected postgresql://user:password@host:port/database, with special characters %-encoded',
    ],
    [
      'an ssl mode',
      { DATABASE_URL: 'postgres://u:p@h/d?sslmode=maybe' },
      'DATABASE_URL: expected sslmode to be one of disable, require, verify-full, got "maybe"',
    ],
    [
      'a parameter of the URL',
      { DATABASE_URL: 'postgres://u:p@h/d?pgbouncer=true' },
      'DATABASE_URL: expected no parameter but sslmode, got "pgbouncer"',
    ],
    [
      'both ways to name a database',
      { DATABASE_URL: 'postgres://u:p@h/d', DB_HOST: 'h' },
      'DATABASE_URL: expected either DATABASE_URL or DB_HOST, not both',
    ],
    [
      'half a database',
      { DB_HOST: 'h', DB_NAME: 'd' },
      'DB_USER: expected a value, because other DB_* settings are set',
    ],
    ...['millrace', 'information_schema', 'pg_temp', 'my-schema', 'a b', '1st', 'ä'.repeat(32)].map(
      (schema): [string, Record<string, string>, string] => [
        `the schema ${schema} for the user's tables`,
        { DB_SCHEMA: schema },
        `DB_SCHEMA: expected a schema name of letters, digits and underscores, at most 63 bytes, no digit first, other than millrace, pgboss, information_schema or pg_…, got "${schema}"`,
      ],
    ),
  ];
  it.each(refused)('refuses %s', (_name, environment, fault) => {
    expect(faultsOf(environment)).toEqual([fault]);
  });

  it('names all faults in one error', () => {
    const environment = { PORT: 'x', LOG_LEVEL: 'y', HOST: '10.0.0.1' };
    expect(faultsOf(environment)).toHaveLength(3);
    expect(() => parse(environment)).toThrow(/PORT: .*\n.*LOG_LEVEL: /s);
  });
});

describe('variables', () => {
  const environment = {
    API_TOKEN: 't',
    API_KEY: 'own-key-0123456789',
    DB_PASSWORD: 'p',
    DB_HOST: 'h',
    DB_USER: 'u',
    DB_NAME: 'n',
    HOME_DIR: 'x',
  };

  const cases: [string, string, string, string | undefined][] = [
    ['a name that matches', 'API_*', 'API_TOKEN', 't'],
    ['a name that does not match', 'API_*', 'HOME_DIR', undefined],
    ['a name that is not set', 'API_*', 'API_OTHER', undefined],
    ["the service's own key, though it matches", 'API_*', 'API_KEY', undefined],
    ["the service's own password, though it matches", '*', 'DB_PASSWORD', undefined],
    ['a pattern that is not anchored', 'API', 'API_TOKEN', undefined],
  ];
  it.each(cases)('%s', (_name, patterns, variable, value) => {
    const settings = parse({ ...environment, MILLRACE_CONFIG_VARS: patterns });
    expect(settings.variables(variable)).toBe(value);
  });
});

describe('isLoopback', () => {
  it.each([
    ['127.0.0.1', true],
    ['127.9.9.9', true],
    ['LOCALHOST', true],
    ['[::1]', true],
    ['127.evil.example', false],
    ['localhost.evil.example', false],
    ['0.0.0.0', false],
    ['::', false],
  ])('%s: %s', (host, expected) => {
    expect(isLoopback(host)).toBe(expected);
  });
});
