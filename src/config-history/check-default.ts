import { describeValue } from './shape/rules.js';

const DATE = String.raw`\d{4}-\d{2}-\d{2}`;
const CLOCK = String.raw`\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?`;
const INTEGER = /^[+-]?\d+$/;
const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)$/;
const FLOAT = /^[+-]?((\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?|nan|inf|infinity)$/i;

/** How a default of each type is written. What has this form can still be no value, as 2024-02-30; a run tells then. */
const FORMS: Record<string, (text: string) => boolean> = {
  smallint: (text) => INTEGER.test(text) && isWithin(text, 15n),
  integer: (text) => INTEGER.test(text) && isWithin(text, 31n),
  bigint: (text) => INTEGER.test(text) && isWithin(text, 63n),
  numeric: (text) => DECIMAL.test(text),
  real: (text) => FLOAT.test(text),
  double: (text) => FLOAT.test(text),
  boolean: (text) => /^(true|t|yes|y|on|1|false|f|no|n|off|0)$/i.test(text),
  date: (text) => new RegExp(`^${DATE}$`).test(text),
  time: (text) => new RegExp(`^${CLOCK}$`).test(text),
  timestamp: (text) => new RegExp(`^${DATE}([ T]${CLOCK}Z?)?$`).test(text),
  timestamptz: (text) => new RegExp(`^${DATE}([ T]${CLOCK}( ?(Z|[+-]\\d{2}(:?\\d{2})?))?)?$`, 'i').test(text),
  uuid: (text) => /^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/i.test(text),
  json: isJson,
};

/**
 * Why a column's default cannot be a value of its type, or undefined where nothing is seen. Texts with a variable are
 * left to the run.
 *
 * @param type canonical type text
 */
export function checkDefault(value: unknown, type: string): string | undefined {
  if (!['string', 'number', 'boolean'].includes(typeof value)) return undefined;
  const text = String(value);
  if (text.includes('${')) return undefined;
  const [base = '', length] = type.split(/[()]/);
  const fits = base === 'varchar' ? [...text].length <= Number(length) : (FORMS[base]?.(text) ?? true);
  return fits ? undefined : `expected a default of ${type}, got ${describeValue(value)}`;
}

function isWithin(text: string, bits: bigint): boolean {
  if (text.length > 30) return false;
  const value = BigInt(text.replace('+', ''));
  return value >= -(1n << bits) && value < 1n << bits;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
