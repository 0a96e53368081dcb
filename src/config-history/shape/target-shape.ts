import { hasVariable } from '../variables.js';
import { Key } from './key.js';
import { anyOf, flag, oneOf, type Rule, text, wholeNumber } from './rules.js';

const PORT_VARIABLE: Rule = {
  expected: 'a port number',
  accepts: (value) => typeof value === 'string' && /^\$\{[^}]*\}$/.test(value),
  schema: { type: 'string', pattern: '^\\$\\{[^}]*\\}$' },
};

const HOST: Rule = {
  ...text('a host name or an address', /^[^\s@]+$/),
  accepts: (value) => typeof value === 'string' && /^[^\s@]+$/.test(value) && !value.includes('://'),
  explain: (value) =>
    typeof value === 'string' && /@|:\/\//.test(value)
      ? [
          {
            at: [],
            message:
              'expected a host name, got a URL; give host, port, user, password, database by themselves',
          },
        ]
      : [],
};

const SERVICE_SCHEMAS = ['millrace', 'pgboss', 'information_schema'];
const SCHEMA_PATTERN = /^(?!(?:millrace|pgboss|information_schema)$|pg_)[A-Za-z_][A-Za-z0-9_]{0,62}$|\$\{/;

const TARGET_SCHEMA: Rule = {
  ...text('a schema name (letters, digits, _; at most 63)', SCHEMA_PATTERN),
  accepts: (value) => typeof value === 'string' && (hasVariable(value) || SCHEMA_PATTERN.test(value)),
  explain: (value) =>
    typeof value === 'string' && (SERVICE_SCHEMAS.includes(value) || value.startsWith('pg_'))
      ? [
          {
            at: [],
            message: `expected a schema for your tables, got "${value}", which PostgreSQL or the service uses`,
          },
        ]
      : [],
};

/** The keys that describe a server, and so mean nothing without `host`. */
export const TARGET_OF_SERVER = ['port', 'user', 'password', 'database', 'ssl'] as const;

/** The PostgreSQL database that the tables are in. */
export class TargetShape {
  @Key(HOST, { description: 'Host name or address.', examples: ['db.example.com', '${TARGET_HOST}'] })
  host?: string;

  @Key(anyOf('a port from 1 to 65535 or one variable', [wholeNumber(1, 65_535), PORT_VARIABLE]), {
    description: 'Port of the server.',
    default: 5432,
  })
  port?: number | string;

  @Key(text('a user name'), { description: 'User to log in as.', examples: ['${TARGET_USER}'] })
  user?: string;

  @Key(text('a text', /^[\s\S]+$/, true), {
    description:
      'Password. Name a variable instead of writing it: the text of a config is kept as it was sent.',
    examples: ['${TARGET_PASSWORD}'],
  })
  password?: string;

  @Key(text('a database name'), { description: 'Database on that server.' })
  database?: string;

  @Key(TARGET_SCHEMA, {
    description:
      "Schema of the tables; created when it is missing. Default: public with host, the service's DB_SCHEMA without.",
    examples: ['shop'],
  })
  schema?: string;

  @Key(anyOf('one of true, false, require, verify-full', [flag, oneOf(['require', 'verify-full'])]), {
    description: 'Encrypt the connection; verify-full also checks the name in the certificate.',
    default: false,
  })
  ssl?: boolean | 'require' | 'verify-full';
}
