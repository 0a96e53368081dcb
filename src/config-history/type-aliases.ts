/** The types as the YAML's reference lists them. */
export const TYPE_NAMES = [
  'text',
  'varchar(n)',
  'smallint',
  'integer',
  'bigint',
  'numeric',
  'numeric(p,s)',
  'real',
  'double',
  'boolean',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'uuid',
  'json',
] as const;

/** Each type and the names that people bring for it. A name that means two widths means the wider one. */
const NAMES_BY_TYPE: Record<string, string> = {
  text: `text | str | string | object | category | string[python] | string[pyarrow] | clob | citext | varchar | char
    | character | character varying | nvarchar | nchar | bpchar | tinytext | mediumtext | longtext`,
  smallint: 'smallint | int2 | int16 | uint8 | tinyint | short',
  integer: 'integer | int | int4 | int32 | uint16 | mediumint',
  // int8 is 64 bits wide in PostgreSQL and 8 in pandas.
  bigint: 'bigint | int8 | int64 | uint32 | long',
  numeric: 'numeric | decimal | dec | number',
  'numeric(20,0)': 'uint64 | uint',
  real: 'real | float4 | float32 | float16',
  double: 'double | double precision | float | float8 | float64',
  boolean: 'boolean | bool',
  date: 'date | date32',
  time: 'time | time without time zone',
  timestamp: `timestamp | timestamp without time zone | datetime | datetime2 | datetime64 | datetime64[ns]
    | datetime64[us] | datetime64[ms] | datetime64[s]`,
  timestamptz: `timestamptz | timestamp with time zone | datetimetz | datetimeoffset | datetime64[ns, utc]
    | datetime64[us, utc] | datetime64[ms, utc] | datetime64[s, utc]`,
  uuid: 'uuid | guid | uniqueidentifier',
  json: 'json | jsonb',
};

/** Lower-case name to the type's text. */
export const TYPE_ALIASES: ReadonlyMap<string, string> = new Map(
  Object.entries(NAMES_BY_TYPE).flatMap(([type, names]) =>
    names.split('|').map((name) => [name.trim(), type] as const),
  ),
);

const NUMBERING = 'the numbers come from the data, so declare integer or bigint';

/** Types that mean something a load cannot do, with what to write instead. */
export const REFUSED_TYPES: Readonly<Record<string, string>> = Object.assign(Object.create(null), {
  serial: NUMBERING,
  serial4: NUMBERING,
  smallserial: NUMBERING,
  bigserial: NUMBERING,
  serial8: NUMBERING,
  money: 'its text depends on a locale, so declare numeric(p,s)',
  timedelta: 'declare text',
  'timedelta64[ns]': 'declare text',
  timetz: 'a time of day has no zone without a date, so declare time or timestamptz',
  'time with time zone': 'a time of day has no zone without a date, so declare time or timestamptz',
});
