import { isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { TerminalError } from '../errors.js';
import { parseApiHosts } from './parse-api-hosts.js';
import { parseDatabase } from './parse-database.js';
import { type Environment, SettingsReader } from './read-value.js';
import { logLevels, Settings } from './settings.js';

const ownNames = /^(HOST|PORT|API_KEY|LOG_LEVEL|DATABASE_URL|DB_.*|MILLRACE_.*)$/;

/**
 * Checks every setting of the environment; relative folders start at `folder`.
 *
 * @throws TerminalError `INVALID_SETTINGS` that names all the wrong ones, a line each
 */
export function parseSettings(environment: Environment, folder = process.cwd()): Settings {
  const reader = new SettingsReader(environment);
  const apiKey = parseApiKey(reader);
  const configVars = parseConfigVars(reader);
  const isVariableAllowed = (name: string) =>
    !ownNames.test(name) && configVars.some((pattern) => matches(pattern, name));
  const settings = new Settings({
    host: parseHost(reader, apiKey),
    port: reader.integer('PORT', { min: 0, max: 65_535, fallback: 3000 }),
    apiKey,
    home: resolve(folder, reader.text('MILLRACE_HOME') ?? '.millrace'),
    dataRoots: reader.list('MILLRACE_DATA_ROOTS', ['.']).map((root) => resolve(folder, root)),
    configVars,
    apiHosts: parseApiHosts(reader),
    logLevel: reader.oneOf('LOG_LEVEL', logLevels, 'info'),
    database: parseDatabase(reader),
    memory: parseMemory(reader),
    streamsAtOnce: reader.integer('MILLRACE_STREAMS', {
      min: 1,
      max: 4,
      fallback: Math.min(availableParallelism(), 2),
    }),
    sqlAsSuperuser: reader.oneOf('MILLRACE_SQL_AS_SUPERUSER', ['true', 'false'] as const, 'false') === 'true',
    keep: parseKeep(reader),
    isVariableAllowed,
    variables: (name) => (isVariableAllowed(name) ? environment[name] : undefined),
  });
  if (reader.faults.length > 0) throw invalid(reader.faults);
  return settings;
}

/** Whether a host name or address means this machine only. */
export function isLoopback(host: string): boolean {
  const bare = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'));
}

function invalid(faults: string[]): TerminalError {
  const details = faults.map((message) => ({ path: message.slice(0, message.indexOf(':')), message }));
  return new TerminalError('INVALID_SETTINGS', `wrong settings:\n  ${faults.join('\n  ')}`, details);
}

function parseHost(reader: SettingsReader, apiKey: string | null): string {
  const host = (reader.text('HOST') ?? '127.0.0.1').replace(/^\[(.*)\]$/, '$1');
  if (!/^[\w.:-]+$/.test(host)) reader.refuse('HOST', 'a host name or an IP address', host);
  else if (!apiKey && !isLoopback(host)) {
    reader.refuse('HOST', 'a loopback address such as 127.0.0.1, because API_KEY is not set', host);
  }
  return host;
}

function parseApiKey(reader: SettingsReader): string | null {
  const key = reader.text('API_KEY');
  if (key === undefined) return null;
  // What an HTTP header can carry without being changed on its way.
  if (!/^[\x21-\x7e]{1,1024}$/.test(key)) {
    reader.refuse('API_KEY', '1 to 1024 visible ASCII characters without blanks');
  }
  return key;
}

function parseConfigVars(reader: SettingsReader): string[] {
  const patterns = reader.list('MILLRACE_CONFIG_VARS', ['API_*', 'SOURCE_*', 'TARGET_*']);
  for (const pattern of patterns) {
    if (!/^[A-Za-z_*][\w*]*$/.test(pattern)) {
      reader.refuse(
        'MILLRACE_CONFIG_VARS',
        'names of variables in which * stands for any characters',
        pattern,
      );
    }
  }
  return patterns;
}

function parseMemory(reader: SettingsReader): Settings['memory'] {
  const limit = reader.text('MILLRACE_MEMORY') ?? '256MB';
  if (!/^([1-9]\d{0,5}GB|[1-9]\d{2,8}MB)$/.test(limit)) {
    reader.refuse('MILLRACE_MEMORY', 'a size of at least 100MB, e.g. 512MB or 2GB', limit);
  }
  const fallback = Math.min(availableParallelism(), 4);
  return { engine: limit, engineThreads: reader.integer('MILLRACE_THREADS', { min: 1, max: 256, fallback }) };
}

function parseKeep(reader: SettingsReader): Settings['keep'] {
  return {
    days: reader.integer('MILLRACE_KEEP_DAYS', { min: 1, max: 36_500, fallback: 90 }),
    runs: reader.integer('MILLRACE_KEEP_RUNS', { min: 1, max: 1_000_000_000, fallback: 1_000 }),
    rejects: reader.integer('MILLRACE_KEEP_REJECTS', { min: 0, max: 1_000_000_000, fallback: 100_000 }),
    logMegabytes: reader.integer('MILLRACE_KEEP_LOG_MB', { min: 1, max: 1_000_000_000, fallback: 1_024 }),
    copyMegabytes: reader.integer('MILLRACE_KEEP_COPY_MB', { min: 0, max: 1_000_000_000, fallback: 2_048 }),
  };
}

function matches(pattern: string, name: string): boolean {
  return new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(name);
}
