import { rawText } from '../parse-json.js';

/**
 * A token's lifetime in milliseconds as an answer gives it, a number or a number's text. null: not told, which 0 and less
 * mean too, for some servers say so of tokens without an end. undefined: it is no number.
 */
export function readLifetime(value: unknown, unit: 's' | 'ms'): number | null | undefined {
  if (value === undefined || value === null || value === '') return null;
  const lifetime = Number(rawText(value));
  if (!Number.isFinite(lifetime)) return undefined;
  return lifetime > 0 ? lifetime * (unit === 's' ? 1000 : 1) : null;
}
