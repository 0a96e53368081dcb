import { isRawNumber } from '../parse-json.js';

/** What placeholders stand for; null: there is no such value. */
export interface TemplateValues {
  /** By the parent's column, those alone that the config names; null: without `forEach`. */
  parent: Readonly<Record<string, string | null>> | null;
  /** null: without `cursor`. */
  cursor: { start: string | null; end: string | null } | null;
}

const PLACEHOLDER = /\{(parent|cursor)\.([^{}]+)\}/g;

/**
 * Puts values in the place of `{parent.<column>}`, `{cursor.start}` and `{cursor.end}`; anything else in braces stands for
 * itself. Returns null when one of them has no value.
 * @param encode makes a value fit for where the text stands
 */
export function fillText(
  text: string,
  values: TemplateValues,
  encode: (value: string) => string = (value) => value,
): string | null {
  let isMissing = false;
  const filled = text.replace(PLACEHOLDER, (placeholder, kind: string, name: string) => {
    const of: Readonly<Record<string, string | null>> | null =
      kind === 'parent' ? values.parent : values.cursor;
    if (of === null || !Object.hasOwn(of, name)) return placeholder;
    const value = of[name];
    if (value !== undefined && value !== null) return encode(value);
    isMissing = true;
    return '';
  });
  return isMissing ? null : filled;
}

/** Fills every text in a JSON value; one that has no value becomes null. */
export function fillJson(value: unknown, values: TemplateValues): unknown {
  if (typeof value === 'string') return fillText(value, values);
  if (Array.isArray(value)) return value.map((item) => fillJson(item, values));
  if (typeof value !== 'object' || value === null || isRawNumber(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, fillJson(item, values)]));
}
