/** A decimal number without a rounding: `units` divided by ten to the power of `scale`. */
export interface ExactDecimal {
  units: bigint;
  /** Not negative. */
  scale: number;
}

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,4}))?$/;
/** Beyond this many digits comparing would cost more than any real value is worth. */
const MOST_DIGITS = 2000;

/** Reads a decimal as JSON or people write it, `-1.50e3`; null: it is none, or it has more than 2,000 digits. */
export function parseDecimal(text: string): ExactDecimal | null {
  const match = text.length > MOST_DIGITS ? null : DECIMAL.exec(text);
  if (match === null) return null;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  const scale = fraction.length - Number(exponent);
  if (Math.abs(scale) > MOST_DIGITS) return null;
  const digits = BigInt(whole + fraction) * (scale < 0 ? 10n ** BigInt(-scale) : 1n);
  return { units: sign === '-' ? -digits : digits, scale: Math.max(scale, 0) };
}

/** Below zero when `a` is less than `b`. */
export function compareDecimals(a: ExactDecimal, b: ExactDecimal): number {
  const { units } = subtractDecimals(a, b);
  return units < 0n ? -1 : units > 0n ? 1 : 0;
}

export function subtractDecimals(a: ExactDecimal, b: ExactDecimal): ExactDecimal {
  const scale = Math.max(a.scale, b.scale);
  return { units: raise(a, scale) - raise(b, scale), scale };
}

/** Plain digits, never an exponent. */
export function writeDecimal({ units, scale }: ExactDecimal): string {
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  return `${units < 0n ? '-' : ''}${whole}${scale > 0 ? `.${digits.slice(-scale)}` : ''}`;
}

/** The greatest whole number that is not above it. */
export function floorDecimal({ units, scale }: ExactDecimal): bigint {
  const unit = 10n ** BigInt(scale);
  return units / unit - (units % unit < 0n ? 1n : 0n);
}

function raise({ units, scale }: ExactDecimal, to: number): bigint {
  return scale === to ? units : units * 10n ** BigInt(to - scale);
}
