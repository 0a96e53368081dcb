import type { TargetConfig } from '../config-history/pipeline-config.js';
import { TerminalError } from '../errors.js';
import type { Target } from '../loader/load.js';

/** What the service keeps in a database for itself, and what PostgreSQL does. */
const RESERVED_SCHEMA = /^(millrace|pgboss|information_schema|pg_.*)$/s;

/** Parts of a connection that say where a password goes, or are one. */
const NEED_HOST = ['port', 'user', 'password', 'database', 'ssl'] as const;

/**
 * The connection that a config means, its variables already resolved. A config that names no host means the service's
 * own database as it stands, and may only choose the schema; one that names a host gets nothing from the service.
 * Else a config could have the service's password sent to a place of its choice.
 * @param home the service's own database, where loads go when a config names no other
 * @throws TerminalError `INVALID_TARGET` when a part is missing, wrong, or must not be there
 */
export function resolveTarget(target: TargetConfig | null, home: Target): Target {
  const resolved = target?.host === undefined ? ownTarget(target, home) : otherTarget(target.host, target);
  return { ...resolved, schema: checkSchema(resolved.schema) };
}

function ownTarget(target: TargetConfig | null, home: Target): Target {
  for (const part of NEED_HOST) {
    // `ssl: false` is what a config says that does not mention it.
    if (target?.[part] !== undefined && target[part] !== false) {
      throw invalid(
        part,
        `expected target.host beside it, got none; without a host only schema may be given`,
      );
    }
  }
  const { host, port, user, password, database, ssl, schema } = home;
  return { host, port, user, password, database, ssl, schema: target?.schema ?? schema };
}

function otherTarget(host: string, target: TargetConfig): Target {
  return {
    host: required('host', host),
    port: portOf(target.port),
    user: required('user', target.user),
    password: target.password ?? '',
    database: required('database', target.database),
    schema: target.schema ?? 'public',
    ssl: sslOf(target.ssl),
  };
}

function required(part: string, value: string | undefined): string {
  if (value) return value;
  throw invalid(part, 'expected a value, because target.host names another server');
}

function portOf(value: number | string | undefined): number {
  const port = value === undefined ? 5432 : Number(value);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw invalid('port', 'expected a number from 1 to 65535, got something else');
}

function sslOf(mode: TargetConfig['ssl'] | undefined): Target['ssl'] {
  if (mode === 'require') return { rejectUnauthorized: false };
  return mode === 'verify-full' || mode === true;
}

function checkSchema(schema: string): string {
  if (schema !== '' && Buffer.byteLength(schema) <= 63 && !RESERVED_SCHEMA.test(schema)) return schema;
  const expected = 'a schema of at most 63 bytes other than millrace, pgboss, information_schema and pg_…';
  throw invalid('schema', `expected ${expected}, got "${schema}"`);
}

function invalid(part: string, why: string): TerminalError {
  const message = `target.${part}: ${why}`;
  return new TerminalError('INVALID_TARGET', message, [{ path: `target.${part}`, message }]);
}
