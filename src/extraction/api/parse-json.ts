type RawJson = typeof JSON & {
  rawJSON(text: string): object;
  isRawJSON(value: unknown): value is { rawJSON: string };
};

/** What a double may change: many digits, a fraction, an exponent, a negative zero. A match may also stand in a string. */
const DELICATE = /\d{16}|\d[.eE]|-0/;

/**
 * The value of a JSON text without losing a digit: a number that would not print back as it was written is a raw JSON
 * number (`JSON.rawJSON`), which `JSON.stringify` writes as it stood. Throws SyntaxError.
 */
export function parseJson(text: string): unknown {
  return DELICATE.test(text) ? (JSON.parse(text, keepNumber) as unknown) : (JSON.parse(text) as unknown);
}

/** How a value stood in its JSON text, strings without their quotes. */
export function rawText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

export function isRawNumber(value: unknown): boolean {
  return (JSON as RawJson).isRawJSON(value);
}

function keepNumber(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined) return value;
  return String(value) === context.source ? value : (JSON as RawJson).rawJSON(context.source);
}
