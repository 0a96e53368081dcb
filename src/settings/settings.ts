/** Where the service keeps its own tables, and the user's unless a config names another target. */
export type DatabaseSettings = EmbeddedDatabaseSettings | ExternalDatabaseSettings;

export interface EmbeddedDatabaseSettings {
  kind: 'embedded';
  /** Schema of the user's tables. */
  schema: string;
}

export interface ExternalDatabaseSettings {
  kind: 'external';
  host: string;
  port: number;
  user: string;
  password: string;
  name: string;
  /** Schema of the user's tables; the service's own are always in `millrace`. */
  schema: string;
  ssl: false | 'require' | 'verify-full';
}

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Everything that the environment says, checked once at the start. Holds secrets: never log it whole. */
export class Settings {
  readonly host: string;
  readonly port: number;
  /** null: requests need no key; then `host` is a loopback address. */
  readonly apiKey: string | null;
  /** Absolute. */
  readonly home: string;
  /** Absolute; the folders that configs may read. At least one: relative paths of configs start at the first. */
  readonly dataRoots: readonly string[];
  /** Patterns with `*` of the variables that a config may name. */
  readonly configVars: readonly string[];
  /**
   * Hosts that API sources may call though they are inside this network: `host`, `host:port` or `*.domain`, spelled as
   * `new URL` spells them. Any other host must be reached at public addresses.
   */
  readonly apiHosts: readonly string[];
  readonly logLevel: LogLevel;
  readonly database: DatabaseSettings;
  /** What the columnar engine may use before it spills to disk: a size such as `512MB`, and a number of threads. */
  readonly memory: { readonly engine: string; readonly engineThreads: number };

  /** Streams of a run that are worked on side by side, unless its config says. */
  readonly streamsAtOnce: number;

  /** Whether SQL of configs may run on the service's own database where its user is a superuser. */
  readonly sqlAsSuperuser: boolean;

  /**
   * What the daily sweep leaves: days of history and logs, runs and rejects of each pipeline, and megabytes of logs.
   */
  readonly keep: {
    readonly days: number;
    readonly runs: number;
    readonly rejects: number;
    readonly logMegabytes: number;
    /** The most for copies of the files of one table. */
    readonly copyMegabytes: number;
  };

  /** Whether a config may name this variable: it matches `configVars` and is not a setting of the service itself. */
  readonly isVariableAllowed: (name: string) => boolean;

  /** The value of a variable that a config may name; undefined when it is not set or not allowed. */
  readonly variables: (name: string) => string | undefined;

  constructor(values: Settings) {
    Object.assign(this, values);
  }
}
