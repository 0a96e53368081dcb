/** What JSON escapes and jsonb does not take: NUL, and half of a surrogate pair. */
const MAY_BE_REFUSED = /\\u(?:0000|d[89a-f])/;

/** A copy that jsonb takes. Every text by itself is only looked at where one may have to be changed: there may be thousands. */
export function storable(value: object): unknown {
  const text = JSON.stringify(value);
  return JSON.parse(MAY_BE_REFUSED.test(text) ? JSON.stringify(value, replaceRefused) : text);
}

function replaceRefused(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '␀') : value;
}
