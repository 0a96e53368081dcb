import type { TargetConfig } from '../config-history/pipeline-config.js';
import { TerminalError } from '../errors.js';
import type { Target } from '../loader/load.js';

/**
 * The connection that a config means, its variables already resolved. A config that names no host means the service's
 * own server, and takes from there what it leaves out; one that names a host gets nothing from the service, or it
 * could have the service's password sent to a server of its choice.
 * @param home the service's own database, where loads go when a config names no other
 * @throws TerminalError `INVALID_TARGET` when a part is missing
 */
export function resolveTarget(target: TargetConfig | null, home: Target): Target {
  const { host, port, user, password, database, ssl } = home;
  if (!target) return { host, port, user, password, database, ssl, schema: home.schema };
  const { schema } = target;
  if (target.host === undefined) {
    return {
      host,
      ssl,
      schema,
      port: portOf(target.port, port),
      user: target.user ?? user,
      password: target.password ?? password,
      database: target.database ?? database,
    };
  }
  return {
    host: target.host,
    ssl: sslOf(target.ssl),
    schema,
    port: portOf(target.port, 5432),
    user: required('user', target.user),
    password: target.password ?? '',
    database: required('database', target.database),
  };
}

function required(part: string, value: string | undefined): string {
  if (value) return value;
  const message = `target.${part}: expected a value, because target.host names another server`;
  throw new TerminalError('INVALID_TARGET', message, [{ path: `target.${part}`, message }]);
}

function portOf(value: number | string | undefined, fallback: number): number {
  const port = value === undefined ? fallback : Number(value);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  const message = 'target.port: expected a number from 1 to 65535, got something else';
  throw new TerminalError('INVALID_TARGET', message, [{ path: 'target.port', message }]);
}

function sslOf(mode: TargetConfig['ssl']): Target['ssl'] {
  if (mode === 'require') return { rejectUnauthorized: false };
  return mode === 'verify-full' || mode;
}
