import type { SettingsReader } from './read-value.js';
import type { DatabaseSettings, ExternalDatabaseSettings } from './settings.js';

const partNames = ['DB_HOST', 'DB_PORT', 'DB_USER', 'DB_PASSWORD', 'DB_NAME', 'DB_SSL'] as const;
const sslModes = ['disable', 'require', 'verify-full'] as const;
/** What the loader takes as a name: found out at the start, not at the first load. */
const schemaName = /^[\p{L}_][\p{L}\p{N}_]*$/u;
const reservedSchemas = ['millrace', 'pgboss', 'information_schema'];
type SslMode = (typeof sslModes)[number];

/** `DATABASE_URL`, or the `DB_*` settings, or, with neither, the embedded PostgreSQL. Faults never show the URL. */
export function parseDatabase(reader: SettingsReader): DatabaseSettings {
  const schema = parseSchema(reader);
  const url = reader.text('DATABASE_URL');
  const parts = partNames.filter((name) => reader.text(name) !== undefined);
  if (url !== undefined && parts.length > 0) {
    reader.refuse('DATABASE_URL', `either DATABASE_URL or ${parts.join(', ')}, not both`);
  }
  if (url !== undefined) return parseUrl(reader, url, schema);
  if (parts.length > 0) return parseParts(reader, schema);
  return { kind: 'embedded', schema };
}

function parseSchema(reader: SettingsReader): string {
  const schema = reader.text('DB_SCHEMA') ?? 'public';
  const isReserved = reservedSchemas.includes(schema) || schema.startsWith('pg_');
  if (!schemaName.test(schema) || Buffer.byteLength(schema) > 63 || isReserved) {
    reader.refuse(
      'DB_SCHEMA',
      `a schema name of letters, digits and underscores, at most 63 bytes, no digit first, other than ${reservedSchemas.join(', ')} or pg_…`,
      schema,
    );
  }
  return schema;
}

function parseParts(reader: SettingsReader, schema: string): ExternalDatabaseSettings {
  for (const name of ['DB_HOST', 'DB_USER', 'DB_NAME']) {
    if (reader.text(name) === undefined) reader.refuse(name, 'a value, because other DB_* settings are set');
  }
  return {
    kind: 'external',
    host: reader.text('DB_HOST') ?? '',
    port: reader.integer('DB_PORT', { min: 1, max: 65_535, fallback: 5432 }),
    user: reader.text('DB_USER') ?? '',
    // A password may start or end with a blank.
    password: reader.environment['DB_PASSWORD'] ?? '',
    name: reader.text('DB_NAME') ?? '',
    schema,
    ssl: toSsl(reader.oneOf('DB_SSL', sslModes, 'disable')),
  };
}

function parseUrl(reader: SettingsReader, text: string, schema: string): ExternalDatabaseSettings {
  const url = URL.canParse(text) ? new URL(text) : null;
  const name = url && decode(url.pathname.slice(1));
  const user = url && decode(url.username);
  const password = url && decode(url.password);
  const isPostgres = url?.protocol === 'postgres:' || url?.protocol === 'postgresql:';
  if (!url || !isPostgres || !url.hostname || !name || !user || password === null) {
    reader.refuse(
      'DATABASE_URL',
      'postgresql://user:password@host:port/database, with special characters %-encoded',
    );
  }
  const sslMode = url?.searchParams.get('sslmode') ?? 'disable';
  const unknown = [...(url?.searchParams.keys() ?? [])].filter((key) => key !== 'sslmode');
  if (unknown.length > 0) reader.refuse('DATABASE_URL', 'no parameter but sslmode', unknown.join(', '));
  if (!isSslMode(sslMode)) {
    reader.refuse('DATABASE_URL', `sslmode to be one of ${sslModes.join(', ')}`, sslMode);
  }
  return {
    kind: 'external',
    // IPv6 addresses stand in brackets in a URL only.
    host: url?.hostname.replace(/^\[(.*)\]$/, '$1') ?? '',
    port: Number(url?.port || 5432),
    user: user ?? '',
    password: password ?? '',
    name: name ?? '',
    schema,
    ssl: toSsl(isSslMode(sslMode) ? sslMode : 'disable'),
  };
}

function isSslMode(text: string): text is SslMode {
  return sslModes.some((mode) => mode === text);
}

function toSsl(mode: SslMode): ExternalDatabaseSettings['ssl'] {
  return mode === 'disable' ? false : mode;
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
