import type { DatabaseSettings } from '../settings/settings.js';
import type { EmbeddedConnection } from './embedded-postgres.js';

type Values = Omit<ServiceConnection, 'toJSON'>;

/** How to reach the service's own database, which is also where runs load to when their config names no target. */
export class ServiceConnection {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Schema of the user's tables; the service's own are in `millrace`. */
  readonly schema: string;
  readonly ssl: false | { rejectUnauthorized: boolean };

  constructor(values: Values) {
    Object.assign(this, values);
  }

  /** Keeps the password out of logs and answers. */
  toJSON(): Omit<Values, 'password'> {
    const { password: _password, ...rest } = this;
    return rest;
  }
}

/** @param embedded the running embedded PostgreSQL; needed when the settings name no database */
export function toServiceConnection(
  settings: DatabaseSettings,
  embedded: EmbeddedConnection | null,
): ServiceConnection {
  if (settings.kind === 'external') {
    const { name, ssl, kind: _kind, ...rest } = settings;
    const rejectUnauthorized = ssl === 'verify-full';
    return new ServiceConnection({ ...rest, database: name, ssl: ssl ? { rejectUnauthorized } : false });
  }
  if (!embedded) throw new Error('embedded PostgreSQL: expected it to run, it was not started');
  return new ServiceConnection({ ...embedded, schema: settings.schema, ssl: false });
}
