import type { ColumnType, TypeName } from './column-types.js';

/**
 * How one column type is read from text, as DuckDB SQL. `v` is an SQL expression: the text with blanks around it
 * taken away and the empty text made NULL (for `text` and `varchar`: the text as it is).
 */
export interface TypeRule {
  /** DuckDB type of the stage's column. */
  stored(type: ColumnType): string;
  /** The typed value, NULL when `v` does not fit: never a rounded, cut or shifted one. */
  read(v: string, type: ColumnType): string;
  /** The same of a text that has the form which inference takes for this type; absent: as `read` does. */
  assumed?(v: string): string;
  /** The text that enters the row's identity; the same for every way to write one value. */
  canonical(t: string, type: ColumnType): string;
}

const YEAR = '(000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})';
const DATE = `${YEAR}-[0-9]{2}-[0-9]{2}`;
const FRACTION = '(\\.[0-9]{1,6}0*)?';
const CLOCK = `([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]${FRACTION})?`;
const MIDNIGHT = '([ T]00:00(:00(\\.0+)?)?)?';
const ZONE = '( ?([Zz]|[+-][0-9]{2}(:?[0-9]{2})?))';
const UTC = '( ?([Zz]|[+-]00(:?00)?))';
const INTEGER = '[+-]?[0-9]+(\\.0*)?';
const FLOAT = '[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]+)?';
const NOT_FINITE = '[+-]?(nan|inf|infinity)';
/** More digits than this do not fit DuckDB's DECIMAL; such columns are staged as checked text. */
const MAX_DECIMAL = 38;
/** Far beyond any number that people write down, and within PostgreSQL's limits on both sides of the point. */
export const MAX_DIGITS = 1000;

const matches = (v: string, pattern: string) => `regexp_full_match(${v}, '${pattern}')`;
const when = (condition: string, value: string) => `CASE WHEN ${condition} THEN ${value} END`;
const asText = (t: string) => `${t}::VARCHAR`;

function integer(stored: string): TypeRule {
  return {
    stored: () => stored,
    read: (v) => when(matches(v, INTEGER), `TRY_CAST(${v} AS ${stored})`),
    assumed: (v) => `TRY_CAST(${v} AS ${stored})`,
    canonical: asText,
  };
}

function float(stored: string): TypeRule {
  const cast = (v: string) => `TRY_CAST(${v} AS ${stored})`;
  return {
    stored: () => stored,
    read: (v) =>
      `CASE WHEN ${matches(v, FLOAT)} THEN ${when(`isfinite(${cast(v)})`, cast(v))} ` +
      `WHEN ${matches(`lower(${v})`, NOT_FINITE)} THEN ${cast(v)} END`,
    canonical: (t) => `CASE WHEN ${t} = 0 THEN '0' ELSE ${t}::VARCHAR END`,
  };
}

/** Whether it is staged as the engine's DECIMAL; else as text. */
export const isDecimal = (type: ColumnType) => type.precision !== undefined && type.precision <= MAX_DECIMAL;

/** Digits before and after the point that `numeric(p,s)` holds; zeros in front and behind do not count. */
function numericPattern(type: ColumnType): string {
  if (type.precision === undefined) return '[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)';
  const scale = type.scale ?? 0;
  const whole = `0*[0-9]{0,${type.precision - scale}}`;
  return `[+-]?${whole}(\\.[0-9]{0,${scale}}0*)?`;
}

/** `1e-05` as `0.00001`; 15 digits at most, so that comparing as doubles proves that none was rounded away. */
function expanded(v: string): string {
  const exact = `TRY_CAST(${v} AS DECIMAL(38,18))`;
  return when(
    `${matches(v, '[^eE]{1,15}[eE][+-]?[0-9]{1,2}')} AND ${matches(v, FLOAT)} AND ${exact}::DOUBLE = TRY_CAST(${v} AS DOUBLE)`,
    stripZeros(`${exact}::VARCHAR`),
  );
}

/** Of a number with a point. */
export const stripZeros = (t: string) => `rtrim(rtrim(${t}, '0'), '.')`;

/** No sign +, no zeros in front, none behind the point, no bare point, no minus zero. */
function canonicalNumber(t: string): string {
  const unsigned = `ltrim(${t}, '+')`;
  const led = `regexp_replace(regexp_replace(${unsigned}, '^(-?)0+([0-9])', '\\1\\2'), '^(-?)\\.', '\\1' || '0.')`;
  const tidy = `CASE WHEN contains(${t}, '.') THEN ${stripZeros(led)} ELSE ${led} END`;
  return (
    `CASE WHEN ${matches(t, '-?[1-9][0-9]*(\\.[0-9]*[1-9])?')} THEN ${t} ` +
    `WHEN ${matches(t, '[+-]?[0.]+')} THEN '0' ` +
    `WHEN ${matches(t, '-?(0|[1-9][0-9]*)\\.[0-9]+')} THEN ${stripZeros(t)} ELSE ${tidy} END`
  );
}

const numeric: TypeRule = {
  stored: (type) => (isDecimal(type) ? `DECIMAL(${type.precision},${type.scale ?? 0})` : 'VARCHAR'),
  read(v, type) {
    const fits = `${matches(v, numericPattern(type))} AND ${matches(v, '.*[0-9].*')}`;
    if (type.precision === undefined) {
      return `CASE WHEN ${fits} AND length(${v}) <= ${MAX_DIGITS} THEN ${v} ELSE ${expanded(v)} END`;
    }
    const plain = `CASE WHEN ${fits} THEN ${v} WHEN ${matches(expanded(v), numericPattern(type))} THEN ${expanded(v)} END`;
    return isDecimal(type) ? `TRY_CAST(${plain} AS ${numeric.stored(type)})` : plain;
  },
  assumed: (v) => v,
  canonical(t, type) {
    if (!isDecimal(type)) return canonicalNumber(t);
    return type.scale ? stripZeros(asText(t)) : asText(t);
  },
};

/** How booleans are written, in any case. */
export const TRUE_TEXTS = 'true|t|yes|y|on|1';
export const FALSE_TEXTS = 'false|f|no|n|off|0';

const boolean: TypeRule = {
  stored: () => 'BOOLEAN',
  // Patterns instead of IN lists: DuckDB turns those into a join, which loses the order of the records.
  read: (v) =>
    `CASE WHEN ${matches(`lower(${v})`, TRUE_TEXTS)} THEN true ` +
    `WHEN ${matches(`lower(${v})`, FALSE_TEXTS)} THEN false END`,
  assumed: (v) => `${v} = 'true'`,
  canonical: asText,
};

const text: TypeRule = {
  stored: () => 'VARCHAR',
  read: (v, type) => (type.length === undefined ? v : when(`length(${v}) <= ${type.length}`, v)),
  canonical: (t) => t,
};

/** What passes DuckDB's parser, and PostgreSQL refuses: `NaN`, `Infinity`, trailing commas, endless numbers, NUL. */
function strictJson(v: string): string {
  const bare = `regexp_replace(${v}, '"(\\\\.|[^"\\\\])*"', '""', 'g')`;
  const isForeign = `regexp_matches(${bare}, '(?i)nan|inf|,\\s*[\\]}]|[0-9]{${MAX_DIGITS}}|e[+-]?0*[1-9][0-9]{3}')`;
  const holdsNul = `regexp_matches(${v}, '(^|[^\\\\])(\\\\\\\\)*\\\\u0000')`;
  return when(`json_valid(${v}) AND NOT ${isForeign} AND NOT ${holdsNul}`, v);
}

/** One line a type. */
export const TYPE_RULES: Record<TypeName, TypeRule> = {
  text,
  varchar: text,
  smallint: integer('SMALLINT'),
  integer: integer('INTEGER'),
  bigint: integer('BIGINT'),
  numeric,
  real: float('FLOAT'),
  double: float('DOUBLE'),
  boolean,
  date: {
    stored: () => 'DATE',
    read: (v) => when(matches(v, DATE + MIDNIGHT), `TRY_CAST(left(${v}, 10) AS DATE)`),
    assumed: (v) => `TRY_CAST(${v} AS DATE)`,
    canonical: asText,
  },
  time: {
    stored: () => 'TIME',
    read: (v) => when(matches(v, CLOCK), `TRY_CAST(${v} AS TIME)`),
    canonical: asText,
  },
  timestamp: {
    stored: () => 'TIMESTAMP',
    read: (v) => when(matches(v, `${DATE}([ T]${CLOCK}${UTC}?)?`), `TRY_CAST(${v} AS TIMESTAMP)`),
    assumed: (v) => `TRY_CAST(${v} AS TIMESTAMP)`,
    canonical: asText,
  },
  timestamptz: {
    stored: () => 'TIMESTAMPTZ',
    read: (v) =>
      when(
        matches(v, `${DATE}([ T]${CLOCK}${ZONE}?)?`),
        `TRY_CAST(regexp_replace(upper(${v}), ' ([-+Z])', '\\1') AS TIMESTAMPTZ)`,
      ),
    canonical: asText,
  },
  uuid: {
    stored: () => 'UUID',
    read: (v) =>
      when(
        matches(v, '[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}'),
        `TRY_CAST(replace(${v}, '-', '') AS UUID)`,
      ),
    canonical: asText,
  },
  json: { stored: () => 'VARCHAR', read: strictJson, canonical: (t) => t },
};
